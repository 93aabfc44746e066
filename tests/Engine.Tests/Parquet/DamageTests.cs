using CsCheck;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests.Expressions;

namespace Fanfold.Engine.Tests.Parquet;

/// <summary>Whatever is done to a file, reading it ends with rows or with the one typed error.</summary>
public class DamageTests
{
    static readonly TimeSpan HangsAfter = TimeSpan.FromSeconds(60);

    sealed record Damaged(byte[] File, string How);

    static readonly Gen<Damaged> Files = new DiceGen<Damaged>(dice => Damage(dice, TableFile.Write(RandomTable.Make(dice), 1 + dice.Below(100))), damaged => damaged.File.Length);

    static Damaged Damage(Dice dice, byte[] file)
    {
        var at = dice.Chance(50) ? dice.Below(file.Length) : Math.Max(0, file.Length - 1 - dice.Below(400));
        switch (dice.Below(5))
        {
            case 0:
                file[at] ^= (byte)(1 << dice.Below(8));
                return new Damaged(file, $"bit at {at}");
            case 1:
                file[at] = (byte)dice.Below(256);
                return new Damaged(file, $"byte at {at}");
            case 2:
                var length = Math.Min(file.Length - at, 1 + dice.Below(64));
                file.AsSpan(at, length).Clear();
                return new Damaged(file, $"{length} zeros at {at}");
            case 3: return new Damaged(file[..at], $"cut at {at}");
            default:
                var other = dice.Below(file.Length);
                (file[at], file[other]) = (file[other], file[at]);
                return new Damaged(file, $"{at} and {other} exchanged");
        }
    }

    [Fact]
    public void Read_DamagedFile_EndsTypedOrWhole() => Files.Sample(damaged => AssertEnds(damaged.File), iter: 6_000, threads: 1, print: damaged => damaged.How);

    [Fact]
    public void Read_EveryPrefix_IsRefused()
    {
        var file = TableFile.Write(RandomTable.Make(new Dice(PCG.Parse("0000000000007"))), 20);
        for (var length = 0; length < file.Length; length++) Assert.NotNull(AssertEnds(file[..length]));
    }

    [Fact]
    public void Read_AnyFlippedBitOfAPage_IsDetected()
    {
        var file = TableFile.Write(RandomTable.Make(new Dice(PCG.Parse("0000000000003"))), 40);
        foreach (var chunk in TableFile.Footer(file).RowGroups.SelectMany(group => group.Chunks))
        {
            // The page header's own fields are not covered by the CRC; the bytes after it are.
            PageHeader.Parse(file.AsSpan((int)chunk.Offset), out var headerLength);
            for (var at = (int)chunk.Offset + headerLength; at < chunk.Offset + headerLength + Math.Min(20, chunk.CompressedSize - headerLength); at++)
            {
                var flipped = file.ToArray();
                flipped[at] ^= 0x10;
                Assert.NotNull(AssertEnds(flipped));
            }
        }
    }

    static ParquetDataException? AssertEnds(byte[] file)
    {
        var reading = Task.Run(async () =>
        {
            try
            {
                var source = new MemorySource(file);
                var footer = await FooterReader.ReadAsync(source);
                return (await FileVerifier.VerifyAsync(source, footer)).Select(column => column.Error).FirstOrDefault(error => error is not null);
            }
            catch (ParquetDataException defect)
            {
                return defect;
            }
        });
        Assert.True(reading.Wait(HangsAfter), "reading hangs");
        return reading.Result;
    }
}
