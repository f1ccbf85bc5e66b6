// bench-peers.js THREADS REPEATS MODEL.onnx "T T..." ATLAS ARGUMENT... [-- PROGRAM ARGUMENT...]...
//
// Takes turns with child processes that answer a number of tokens T with the milliseconds of one
// pass ("bench_forward MODEL THREADS -"), and prints "NAME,EXPORT,T,ATLAS,ONNXRUNTIME,PROGRAM,..." with
// the best of each; the file is NAME-EXPORT.onnx. A pause before each pass lets the other side's
// threads stop spinning.
const ort = require("onnxruntime-node");
const { spawn } = require("child_process");
const readline = require("readline");

const [threads, repeats, onnx, lengths, ...rest] = process.argv.slice(2);
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
const commands = [[]];
for (const word of rest)
  if (word === "--") commands.push([]);
  else commands[commands.length - 1].push(word);

const peer = ([program, ...args]) => {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
  const answers = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    pass: async (T) => {
      child.stdin.write(`${T}\n`);
      const answer = await answers.next();
      if (answer.done) throw new Error(`${program} ended`);
      return +answer.value;
    },
    end: () => child.stdin.end(),
  };
};

(async () => {
  const session = await ort.InferenceSession.create(onnx, { intraOpNumThreads: +threads, graphOptimizationLevel: "all" });
  const runtime = {
    pass: async (T) => {
      const ids = new ort.Tensor("int64", BigInt64Array.from({ length: T }, (_, i) => BigInt(1000 + ((i * 7919) % 19000))), [1, T]);
      const start = performance.now();
      await session.run({ ids });
      return performance.now() - start;
    },
    end: () => {},
  };
  const [atlas, ...others] = commands.map(peer);
  const sides = [runtime, atlas, ...others];
  const [, name, kind] = onnx.match(/([^/]*)-(\w+)\.onnx$/);
  for (const T of lengths.split(" ").map(Number)) {
    const best = sides.map(() => Infinity);
    for (let i = 0; i < +repeats; i++)
      for (const [n, side] of sides.entries()) {
        await pause(60);
        best[n] = Math.min(best[n], await side.pass(T));
      }
    console.log([name, kind, T, best[1], best[0], ...best.slice(2)].join(","));
  }
  for (const side of sides) side.end();
})();
