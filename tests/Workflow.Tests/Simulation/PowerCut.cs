using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// All processes die while an object is put that a store may tear, and a beginning of it is there: a segment of the journal, upon which nobody can have acted before its put has returned, or
/// the mark of a try, which is put as volatile. Of the other marks some are whole then, some torn, some gone. All other objects appear complete or not at all by contract.
/// </summary>
static class PowerCut
{
    public static void At(World world, StoreRequest request, Random dice)
    {
        request.TakeEffect();
        world.CutPower();
        request.Fault = Fault.Vanish;
        if (request.HadEffect) Tear(world, request.Path, dice);
        foreach (var mark in world.Store.Paths(RunPaths.Runs).Where(StoreRequest.IsVolatile))
        {
            if (dice.Next(3) is var fate && fate == 0) world.Store.DeleteAsync(mark).GetAwaiter().GetResult();
            else if (fate == 1) Tear(world, mark, dice);
        }
    }

    static void Tear(World world, string path, Random dice)
    {
        if (world.Store.Read(path) is { Bytes: { Length: > 0 } content }) world.Store.Put(path, content[..dice.Next(content.Length)]);
    }
}
