namespace Fanfold.Workflow.Tests.Simulation;

/// <summary>
/// All processes die while a segment of the journal is put, and of that segment a beginning is there: the one thing that a store may tear. All other
/// objects appear complete or not at all by contract, and nobody can have acted upon a segment whose put has not returned.
/// </summary>
static class PowerCut
{
    public static void At(World world, StoreRequest request, Random dice)
    {
        request.TakeEffect();
        world.CutPower();
        request.Fault = Fault.Vanish;
        if (!request.HadEffect) return;
        var content = world.Store.Read(request.Path)!.Value.Bytes;
        world.Store.Put(request.Path, content[..dice.Next(content.Length)]);
    }
}
