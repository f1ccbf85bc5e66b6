// bench-peers.js THREADS REPEATS MODEL.onnx GOALS ATLAS ARGUMENT...
//
// Takes turns with a child process that answers a number of tokens T with the milliseconds of one
// pass ("bench_forward MODEL THREADS -"), and prints the best of each and their ratio. The file is
// NAME-EXPORT.onnx, GOALS "T:ratio,T:ratio,...". A pause before each pass lets the other side's
// threads stop spinning.
const ort = require("onnxruntime-node");
const { spawn } = require("child_process");
const readline = require("readline");

const [threads, repeats, onnx, goals, program, ...args] = process.argv.slice(2);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

(async () => {
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: +threads, graphOptimizationLevel: "all" });
  const atlas = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = readline.createInterface({ input: atlas.stdout })[Symbol.asyncIterator]();
  const [, name, kind] = onnx.match(/([^/]*)-(\w+)\.onnx$/);
  for (const goal of goals.split(",")) {
    const [T, wanted] = goal.split(":").map(Number);
    const ids = new ort.Tensor("int64", BigInt64Array.from({ length: T }, (_, i) => BigInt(1000 + ((i * 7919) % 19000))), [1, T]);
    let ours = Infinity, theirs = Infinity;
    for (let i = 0; i < +repeats; i++) {
      await pause(60);
      const start = performance.now();
      await session.run({ ids });
      theirs = Math.min(theirs, performance.now() - start);
      await pause(60);
      atlas.stdin.write(`${T}\n`);
      ours = Math.min(ours, +(await answers.next()).value);
    }
    const ratio = ours / theirs;
    console.log(`${name},${kind},${T},${threads},${ours.toFixed(1)},${theirs.toFixed(1)},${ratio.toFixed(2)},${wanted},${ratio <= wanted ? "yes" : "no"}`);
  }
  atlas.stdin.end();
})();
