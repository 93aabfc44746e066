using Fanfold.Engine.Columns;

namespace Fanfold.Engine.Expressions;

sealed partial class Binder
{
    BoundExpression? BindDateTrunc(CallNode call)
    {
        if (!Takes(call, 2, 2)) return null;
        var (part, value) = (Part(call), Instant(call, 1));
        if (part is not { } known || value is null) return null;
        var failure = $"{TextOf(call.Span)} passes the range of {value.Type}";
        if (value.Type.Kind == TypeKind.Timestamp)
            return Fold(new MapExpression<long, long, TruncatedInstant>(value, value.Type, new(known, (long)LaneValue.UnitsPerOne(value.Type)), failure, Monotony.Rising), call.Span);
        return Instants.IsCalendar(known) ? Fold(new MapExpression<int, int, TruncatedDay>(value, value.Type, new(known), failure, Monotony.Rising), call.Span) : value;
    }

    BoundExpression? BindDateDiff(CallNode call)
    {
        if (!Takes(call, 3, 3)) return null;
        var (part, left, right) = (Part(call), Instant(call, 1), Instant(call, 2));
        if (part is not { } known || left is null || right is null) return null;
        var common = UnifiedType.Of(left.Type, right.Type)!.Value;
        // Days lie in another lane than what they are compared in.
        if (common.Kind == TypeKind.Date) common = DataType.Timestamp(TimeUnit.Millis);
        var failure = $"{TextOf(call.Span)} passes the range of {common}";
        return Fold(new PairExpression<long, long, Boundaries>(
            Cast.Of(left, common, failure)!, Cast.Of(right, common, failure)!, DataType.Int64, new(known, (long)LaneValue.UnitsPerOne(common)), failure), call.Span);
    }

    BoundExpression? BindCalendar(CallNode call, DatePart part)
    {
        if (!Takes(call, 1, 1) || Instant(call, 0) is not { } value) return null;
        var monotony = part == DatePart.Year ? Monotony.Rising : Monotony.None;
        return Fold(value.Type.Kind == TypeKind.Date
            ? new MapExpression<int, long, CalendarField>(value, DataType.Int64, new(part, 1), monotony: monotony)
            : new MapExpression<long, long, CalendarField>(value, DataType.Int64, new(part, (long)LaneValue.UnitsPerOne(value.Type)), monotony: monotony), call.Span);
    }

    BoundExpression? BindClock(CallNode call, DatePart part)
    {
        if (!Takes(call, 1, 1) || Instant(call, 0, withTime: true) is not { } value) return null;
        if (value.Type.Kind == TypeKind.Date) value = Cast.Of(value, DataType.Timestamp(TimeUnit.Millis), $"{TextOf(call.Span)} passes the range of timestamps")!;
        return Fold(new MapExpression<long, long, ClockField>(value, DataType.Int64, new(part, TemporalText.UnitsPerSecond(value.Type.Unit))), call.Span);
    }
}
