using System.Text;
using Fanfold.Worker;
using Fanfold.Workflow.Running;

namespace Fanfold.Workflow.Spec;

static partial class SpecValidator
{
    /// <summary>Folders of the state store that belong to the runs themselves.</summary>
    static readonly string[] RunFolders = ["fanfold/runs/", "fanfold/outputs/", "fanfold/cache/"];

    static readonly JsonPointer OutputPath = JsonPointer.Root.Field("output").Field("path");

    static void CheckOutput(RunSpec spec, SpecFaults faults)
    {
        var path = spec.Output.Path;
        if (path.Length > 0)
        {
            if (RunFolders.FirstOrDefault(folder => $"{path}/".StartsWith(folder, StringComparison.Ordinal)) is { } reserved)
                faults.Add(SpecErrorCode.InvalidPath, OutputPath, $"{OutputPath.ToWords()}, {Quoted.Text(path)}, lies under {reserved}, where the runs keep their state; write another folder.");
            var name = path[(path.LastIndexOf('/') + 1)..];
            var isFile = Path.GetExtension(name) is ".parquet" or ".csv";
            if (spec.Output.Layout == OutputLayout.File && (!isFile || name.LastIndexOf('.') == 0))
                faults.Add(SpecErrorCode.InvalidPath, OutputPath, $"{OutputPath.ToWords()}, {Quoted.Text(path)}, must be a file name that ends in .parquet or .csv.");
            if (spec.Output.Layout == OutputLayout.Hive && isFile)
                faults.Add(SpecErrorCode.Conflict, OutputPath,
                    $"{OutputPath.ToWords()}, {Quoted.Text(path)}, is the name of a file, and the layout 'hive' writes a folder of Parquet files; leave the {Path.GetExtension(name)} out, or write the layout 'file'.");
            if (spec.Output.Layout == OutputLayout.Hive && Encoding.UTF8.GetByteCount(path) > StorePath.MaxBytes - HiveFiles.MaxBytes)
                faults.Add(SpecErrorCode.InvalidPath, OutputPath, $"{OutputPath.ToWords()} is longer than {StorePath.MaxBytes - HiveFiles.MaxBytes} bytes, which leaves no room for the files below it; write a shorter one.");
        }
        if (spec.Output.Layout == OutputLayout.Hive) CheckHive(spec, faults);
    }

    static void CheckHive(RunSpec spec, SpecFaults faults)
    {
        var column = JsonPointer.Root.Field("partitionBy").Field("column");
        if (Encoding.UTF8.GetByteCount(HiveFolder.SpellColumn(spec.PartitionBy.Column)) > HiveFolder.MaxColumnBytes)
            faults.Add(SpecErrorCode.Conflict, column, $"{column.ToWords()} is longer than {HiveFolder.MaxColumnBytes} bytes in the name of a folder, too long for the layout 'hive'; write the layout 'file'.");
        var select = Reduce.Field("select");
        if (spec.Reduce.Select is { Count: > 0 } selected && selected.All(name => name == spec.PartitionBy.Column))
            faults.Add(SpecErrorCode.Conflict, select, $"{select.ToWords()} has no column but the partition column, which the layout 'hive' leaves out of the files; select another one too, or write the layout 'file'.");
    }
}
