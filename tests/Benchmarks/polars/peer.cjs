// Answers one question, or copies one file, in a process of its own: node peer.cjs '{ "question": …, "engine": …, "source": …, "output": … }'
const { readFileSync } = require("node:fs");
const pl = require("nodejs-polars");

const task = JSON.parse(process.argv[2]);
const lazy = { engine: task.engine };
const scan = () => pl.scanParquet(task.source, { parallel: task.parallel });
const ofPartition = () => scan().filter(pl.col("ff").eq(task.value));

const answers = {
  Nothing: () => pl.DataFrame({ one: [1] }).lazy(),
  FilterAndGroup: () => ofPartition().groupBy("cat")
    .agg(pl.len().alias("n"), pl.col("d1").sum().alias("total"), pl.col("d2").mean().alias("average")),
  FilterAndProject: () => ofPartition().select("ff", "skey", "shigh"),
  Scan: () => scan().select(pl.col("d1").sum(), pl.col("d2").sum(), pl.col("nd").sum()),
};

const ofSeed = (source) => source.groupBy(["ff", "cat"]).agg(pl.len().alias("n"), pl.col("d1").sum().alias("total"), pl.col("d2").mean().alias("average"),
  pl.col("d1").min().alias("least"), pl.col("d2").max().alias("most"));
const seedTurn = (value) => ofSeed(pl.scanParquet(task.source).filter(pl.col("ff").eq(value))).collectSync();

function run() {
  if (task.question === "Copy") {
    pl.scanParquet(task.source).sinkParquet(task.output, { compression: "snappy", rowGroupSize: task.rowGroup }).collectSync();
    return [];
  }
  if (task.question === "Loop") {
    const frames = task.values.map((value) => pl.scanParquet(task.source)
      .filter(value === null ? pl.col("ff").isNull() : pl.col("ff").eq(value)).filter(pl.col("distance").gt(2.5))
      .groupBy(["ff", "category", "zone"]).agg(pl.len().alias("n"), pl.col("amount").sum().alias("total")).collectSync());
    pl.concat(frames).writeParquet(task.output);
    return [];
  }
  if (task.question === "SeedLoop") {
    pl.concat(task.values.map(seedTurn)).writeParquet(task.output, { compression: "zstd" });
    return [];
  }
  if (task.question === "SeedTurn") {
    seedTurn(task.value).writeParquet(task.output, { compression: "zstd" });
    return [];
  }
  if (task.question === "SeedConcat") {
    pl.concat(task.files.map((file) => pl.scanParquet(file).collectSync())).writeParquet(task.output, { compression: "zstd" });
    return [];
  }
  if (task.question === "SeedGroup") {
    ofSeed(pl.scanParquet(task.source)).collectSync().writeParquet(task.output, { compression: "zstd" });
    return [];
  }
  const query = answers[task.question]();
  if (task.question !== "FilterAndProject") return query.collectSync(lazy).rows();
  if (task.engine === "streaming") query.sinkParquet(task.output, { compression: "zstd" }).collectSync(lazy);
  else query.collectSync(lazy).writeParquet(task.output, { compression: "zstd" });
  return [];
}

const rows = run();
const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))[1]) * 1024;
process.stdout.write(JSON.stringify({ rows, peak }));
