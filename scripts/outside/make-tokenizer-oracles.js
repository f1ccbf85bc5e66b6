/*
 * make-tokenizer-oracles.js - ids and byte offsets by Hugging Face's own tokenizers library.
 *
 *   node scripts/outside/make-tokenizer-oracles.js      from the root of the repository, with the package
 *                                               "tokenizers" (0.23.2) where node finds it
 *
 * Reads fixtures/text/tokenizer.json and fixtures/vocab, writes
 * fixtures/oracle/tokenizer/huggingface.json: {model: [[[id, start, end, word], ...] per text]},
 * with special tokens; start and end are -1 for those that were added, word is null for them.
 */
"use strict";
const fs = require("fs");
const { Tokenizer } = require("tokenizers");

const texts = JSON.parse(fs.readFileSync("fixtures/text/tokenizer.json", "utf8"));
const special = (id, content) => ({
  id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true,
});

function bert(dir, lowercase) {
  const lines = fs.readFileSync(`${dir}/vocab.txt`, "utf8").split("\n").slice(0, -1);
  const vocab = Object.fromEntries(lines.map((piece, id) => [piece, id]));
  const names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"];
  const mark = (id) => ({ SpecialToken: { id, type_id: 0 } });
  const single = [mark("[CLS]"), { Sequence: { id: "A", type_id: 0 } }, mark("[SEP]")];
  const table = (name) => [name, { id: name, ids: [vocab[name]], tokens: [name] }];
  return {
    added_tokens: names.map((name) => special(vocab[name], name)),
    normalizer: {
      type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing", single, pair: single.concat([{ Sequence: { id: "B", type_id: 1 } }]),
      special_tokens: Object.fromEntries(["[CLS]", "[SEP]"].map(table)),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: {
      type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100, vocab,
    },
  };
}

function gpt2(dir) {
  const bytes = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };
  return {
    added_tokens: [special(50256, "<|endoftext|>")],
    normalizer: null, pre_tokenizer: bytes, post_processor: bytes, decoder: bytes,
    model: {
      type: "BPE", vocab: JSON.parse(fs.readFileSync(`${dir}/vocab.json`, "utf8")),
      merges: fs.readFileSync(`${dir}/merges.txt`, "utf8").split("\n").slice(1, -1),
    },
  };
}

/* Bytes before each code point, in which the library counts. */
function byteOffsets(text) {
  const at = [0];
  for (const c of text) at.push(at[at.length - 1] + Buffer.byteLength(c));
  return at;
}

async function tokenize(definition) {
  const tokenizer = Tokenizer.fromString(JSON.stringify({ version: "1.0", ...definition }));
  const rows = [];
  for (const text of texts) {
    const found = await tokenizer.encode(text);
    const offsets = found.getOffsets(), words = found.getWordIds(), at = byteOffsets(text);
    const added = found.getSpecialTokensMask();
    rows.push(found.getIds().map((id, i) =>
      added[i] ? [id, -1, -1, null] : [id, at[offsets[i][0]], at[offsets[i][1]], words[i]]));
  }
  return rows;
}

async function main() {
  const models = {
    "bert-base-uncased": bert("fixtures/vocab/bert-base-uncased", true),
    "bert-base-cased": bert("fixtures/vocab/bert-base-cased", false),
    "bert-base-multilingual-cased": bert("fixtures/vocab/bert-base-multilingual-cased", false),
    gpt2: gpt2("fixtures/vocab/gpt2"),
  };
  const parts = [];
  for (const [name, definition] of Object.entries(models))
    parts.push(`"${name}": [\n${(await tokenize(definition)).map((r) => JSON.stringify(r)).join(",\n")}\n]`);
  fs.writeFileSync("fixtures/oracle/tokenizer/huggingface.json", `{\n${parts.join(",\n")}\n}\n`);
}

main();
