using Fanfold.Worker;

namespace Fanfold.Workflow.Tests.Running;

public sealed class WorkerMemoryTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Division_OfAnyCap_LeavesRoomForEachShare(bool native)
    {
        for (var cap = WorkerMemory.MinCap(native); cap < 1L << 40; cap = cap * 9 / 8)
        {
            var (heap, account) = (WorkerMemory.HeapLimit(cap, native), WorkerMemory.AccountLimit(cap, native));
            Assert.InRange(heap, cap / 3, cap - (28 << 20));
            Assert.InRange(account, heap / 2, heap - 2 * WorkerMemory.YoungGeneration(cap));
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void CapFor_WhatATaskNeeds_IsTheLeastCapWhoseAccountHoldsIt(bool native)
    {
        for (var held = 1L; held < 1L << 40; held = held * 9 / 8 + 1)
        {
            var cap = WorkerMemory.CapFor(held, native);
            Assert.True(WorkerMemory.AccountLimit(cap, native) >= held, $"{held:N0} bytes do not fit under {cap:N0}");
            if (cap > WorkerMemory.MinCap(native)) Assert.True(WorkerMemory.AccountLimit(cap - (1 << 20), native) < held, $"{held:N0} bytes fit under less than {cap:N0}");
        }
    }
}
