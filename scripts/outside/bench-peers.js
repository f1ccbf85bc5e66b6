// bench-peers.js THREADS REPEATS MODEL.onnx "T T..." ATLAS ARGUMENT...
//
// Takes turns with a child process that answers a number of tokens T with the milliseconds of one
// pass ("bench_forward MODEL THREADS -"), and prints "NAME,EXPORT,T,CHILD,ONNXRUNTIME" with the best of
// each; the file is NAME-EXPORT.onnx. A pause before each pass lets the other side's threads stop
// spinning.
const ort = require("onnxruntime-node");
const { spawn } = require("child_process");
const readline = require("readline");

const [threads, repeats, onnx, lengths, program, ...args] = process.argv.slice(2);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

(async () => {
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: +threads, graphOptimizationLevel: "all" });
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const [, name, kind] = onnx.match(/([^/]*)-(\w+)\.onnx$/);
  for (const T of lengths.split(" ").map(Number)) {
    const ids = new ort.Tensor("int64", BigInt64Array.from({ length: T }, (_, i) => BigInt(1000 + ((i * 7919) % 19000))), [1, T]);
    let ours = Infinity, theirs = Infinity;
    for (let i = 0; i < +repeats; i++) {
      await pause(60);
      const start = performance.now();
      await session.run({ ids });
      theirs = Math.min(theirs, performance.now() - start);
      await pause(60);
      child.stdin.write(`${T}\n`);
      ours = Math.min(ours, +(await answers.next()).value);
    }
    console.log(`${name},${kind},${T},${ours},${theirs}`);
  }
  child.stdin.end();
})();
