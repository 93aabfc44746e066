// Runs Azurite's blob service on a free port, in memory or in the folder after --location, and tells its address on stdout.
// It ends when stdin closes, so it never outlives whoever started it.
const given = process.argv.slice(2);
const kept = given.includes("--location") ? [] : ["--inMemoryPersistence"];
process.argv.push("--silent", "--disableTelemetry", "--blobPort", "0", ...kept);

process.stdin.resume();
process.stdin.on("close", () => process.emit("SIGTERM") || process.exit());

require("azurite/dist/src/blob/main.js");
