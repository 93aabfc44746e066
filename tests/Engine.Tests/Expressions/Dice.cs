using CsCheck;

namespace Fanfold.Engine.Tests.Expressions;

/// <summary>Random choices, all from the one generator that CsCheck seeds.</summary>
sealed class Dice(PCG pcg)
{
    public int Below(int limit) => (int)pcg.Next((uint)limit);

    public bool Chance(int percent) => Below(100) < percent;

    public ulong Bits() => pcg.Next64();

    public T Pick<T>(params IReadOnlyList<T> choices) => choices[Below(choices.Count)];
}

/// <summary>A generator written as plain code; smaller by <paramref name="size"/> is simpler.</summary>
sealed class DiceGen<T>(Func<Dice, T> make, Func<T, int> size) : Gen<T>
{
    public override T Generate(PCG pcg, Size? min, out Size itemSize)
    {
        var made = make(new Dice(pcg));
        itemSize = new Size((ulong)size(made));
        return made;
    }
}
