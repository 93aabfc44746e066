using Fanfold.Engine.Columns;
using Fanfold.Engine.Parquet;
using Fanfold.Engine.Tests;
using Fanfold.Engine.Tests.Expressions;
using Fanfold.Storage;

namespace Fanfold.Workflow.Tests.Running;

/// <summary>A random table as files of a source.</summary>
static class RandomSource
{
    public static void Write(MemoryObjectStore store, RandomTable table, int fileRows, int rowGroupRows)
    {
        for (var from = 0; from < table.Rows.Length; from += fileRows)
        {
            using var content = new MemoryStream();
            using var writer = new ParquetFileWriter(table.Schema, content, new Dictionary<string, string>());
            var rows = table.Rows.Skip(from).Take(fileRows).ToList();
            for (var start = 0; start < rows.Count; start += rowGroupRows)
            {
                var columns = table.Schema.Fields.Select(field => Column.Create(field.Type)).ToArray();
                foreach (var row in rows.Skip(start).Take(rowGroupRows))
                {
                    for (var i = 0; i < columns.Length; i++) columns[i].Append(row[i]);
                }
                writer.WriteRowGroup(columns);
            }
            writer.Complete();
            store.PutAsync($"lake/{from:d5}.parquet", content.ToArray(), PutCondition.None, CancellationToken.None).GetAwaiter().GetResult();
        }
    }
}
