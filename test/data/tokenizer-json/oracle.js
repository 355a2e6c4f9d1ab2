// SPDX-License-Identifier: Apache-2.0
// The ids that the published library gives for each text (a line of hex) on standard input, one line each: ids; ids with
// what the template puts around; the text of the first ids without special tokens, in hex.
//   node oracle.js FILE.json < texts > FILE.json.out      (from a folder where the package tokenizers is installed)
const {createRequire} = require("module");
const {readFileSync} = require("fs");
const {Tokenizer} = createRequire(process.cwd() + "/")("tokenizers");

async function main() {
  const tokenizer = Tokenizer.fromString(readFileSync(process.argv[2], "utf8"));
  for (const line of readFileSync(0, "utf8").split("\n").slice(0, -1)) {
    const text = Buffer.from(line, "hex").toString("utf8");
    const plain = (await tokenizer.encode(text, null, {addSpecialTokens: false})).getIds();
    const all = (await tokenizer.encode(text, null, {addSpecialTokens: true})).getIds();
    const back = plain.length ? await tokenizer.decode(plain, true) : "";
    console.log([plain.join(" "), all.join(" "), Buffer.from(back).toString("hex")].join(";"));
  }
}
main();
