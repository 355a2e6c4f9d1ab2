/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the manual that are no row of a command.  Within a text, `...` is set in bold. */
#include "main/manual.h"

const char manual_overview[] =
    "Cloister runs AI models for people who do not trust the machine that runs them. A model owner seals the weights; "
    "a "
    "broker releases their key only to an enclave that proves what it is; the weights are decrypted only in that "
    "enclave's locked memory. A client checks the proof before it sends anything, encrypts its prompt to the enclave "
    "alone, and gets an answer with a signed receipt that anyone with the model can compute again, token for token.\n\n"
    "Options stand before or after arguments; `--` ends them; `--name=value` is `--name value`. Data goes to standard "
    "output; errors, hints, warnings and progress go to standard error, an error in one line. Secrets are read from "
    "files or descriptors (`/dev/fd/N`), never from arguments.\n\n"
    "Without a TEE everything works with evidence of a simulator, which proves nothing: every output about it says "
    "NOT A TEE, and every policy that does not name it refuses it.";

const char manual_overview_example[] =
    "cloister simulator new sim\n"
    "cloister broker init broker --simulator-root sim.pub\n"
    "cloister seal model.gguf -o model.sealed --for broker/broker.pub\n"
    "cloister broker add broker model.sealed\n"
    "cloister broker policy broker demo policy.json\n"
    "cloister broker serve broker --listen 127.0.0.1:8444\n"
    "cloister-enclave --config enclave.json\n"
    "cloister verify https://127.0.0.1:8443 --policy policy.json --simulator-root sim.pub";

const struct manual_item manual_exit_codes[] = {
    {"0", "success"},
    {"1", "wrong use, input over a limit, or a file, key or system call that failed"},
    {"2", "a signature, tag, hash or proof does not hold"},
    {"3", "a peer could not be reached, or broke the protocol"},
    {"4", "genuine, but refused by policy"},
    {"5", "input that is not of its format"},
    {"6", "genuine, but outside its time of validity"},
    {NULL, NULL},
};

const struct manual_item manual_environment[] = {
    {"MODEL_KEY_BASE64",
     "A raw key of 32 bytes in base64, for local runs: the commands that take `--raw-key` use it when "
     "neither that nor an identity is given, the enclave when its configuration says so. It is "
     "wiped once it is read, with a warning: other processes of the same user can see it."},
    {"NO_COLOR", "When set and not empty, nothing is coloured. Colour appears on terminals alone."},
    {NULL, NULL},
};

const struct manual_item manual_files[] = {
    {"DIR/broker.pub", "public key of a broker; models are sealed for it"},
    {"DIR/kek", "the broker's key-encryption key, unless `--kek` or `--passphrase-file` names another"},
    {"DIR/broker.db, DIR/audit.log", "wrapped data keys and policies; the hash-chained record of every decision"},
    {"DIR/tls.key", "the broker's TLS key; enclaves pin its hash"},
    {NULL, NULL},
};

const struct manual_text manual_texts[] = {
    {"seal", NULL,
     "Reads MODEL twice, in constant memory, and writes it encrypted under a fresh data key, which is itself encrypted "
     "for "
     "each recipient: brokers (`--for`) and holders of a raw key (`--raw-key`). At least one is needed. Prints the "
     "model root, by which policies, evidence and receipts name the model; it depends on the plaintext alone. OUT is "
     "there whole or not at all. MODEL is a file, or a safetensors folder or the first part of a split GGUF model, "
     "which "
     "become one GGUF file on the way (`cloister convert`).",
     "cloister seal model.gguf -o model.sealed --for broker.pub\n"
     "cloister seal model.enc --from-fernet old.key -o model.sealed --raw-key key"},
    {"convert", NULL,
     "Writes the GGUF file that `cloister seal` makes of MODEL: of a safetensors folder (config.json, "
     "model.safetensors "
     "or "
     "its parts with their index) or of a split GGUF model, named by its first part. Matrices keep their type. What is "
     "not "
     "understood, of the configuration or of the tensors, is refused by name. A folder's tokenizer.json, "
     "tokenizer_config.json, generation_config.json "
     "and chat_template.jinja give the vocabulary; without the first the file has none. OUT is there whole or not at "
     "all.",
     "cloister convert SmolLM2-135M -o model.gguf\n"
     "cloister convert model-00001-of-00003.gguf -o model.gguf"},
    {"inspect", NULL,
     "Prints model root, file id, length and recipients of a sealed model. Without a key nothing of this is proven; "
     "`cloister unseal` proves it.",
     "cloister inspect model.sealed --json"},
    {"unseal", NULL,
     "Checks every byte and writes the plaintext, readable by its owner alone. OUT is there whole or not at all. One "
     "of "
     "`--raw-key` and `--identity` is needed.",
     "cloister unseal model.sealed -o model.gguf --identity id"},
    {"keys", "make and show keys, exchange those of a sealed model",
     "A raw key is 32 bytes in base64; an identity is an X25519 key whose public half (OUT.pub) others seal for. "
     "Secret "
     "files are made with mode 0600 and refused when others may read them. A key is never overwritten.\n\n"
     "`cloister keys rewrap` needs a key that opens the model and changes for whom it is sealed, in place and in one "
     "step that survives a crash; the encrypted weights are not touched. Who held a key before and kept it can still "
     "open old copies.",
     "cloister keys new key\n"
     "cloister keys new --identity --comment 'model owner' id\n"
     "cloister keys rewrap model.sealed --identity id --add-for new-broker.pub --remove "
     "0123456789abcdef0123456789abcdef"},
    {"broker", "hold data keys and release them to proven enclaves",
     "A broker is a directory. It keeps data keys under a key-encryption key, verifies the evidence of an enclave that "
     "asks, holds it against its policies, and records its decision before it answers. An enclave gets the key of a "
     "model when one policy allows it; a field that a policy leaves out refuses.",
     "cloister broker init broker --kek /media/usb/kek\n"
     "cloister broker add broker model.sealed --kek /media/usb/kek\n"
     "cloister broker policy broker production policy.json\n"
     "cloister broker serve broker --kek /media/usb/kek --listen 0.0.0.0:8444\n"
     "cloister broker log broker"},
    {"simulator", "evidence for machines without a TEE (NOT A TEE)",
     "A simulator's root key signs the claims that a TEE would. It proves nothing about the machine; it is for trying, "
     "and accepted only where its public key and its kind are named.",
     "cloister simulator new sim\n"
     "cloister simulator measure cloister-enclave"},
    {"verify", NULL,
     "Fetches the attestation of a server with a fresh nonce, or reads one from a file, and prints every check with "
     "pass, "
     "FAIL or not run, and why: evidence, nonce, the key of this very connection, policy. Verified means that all of "
     "them "
     "passed; without a policy nothing is.",
     "cloister verify https://enclave.example:8443 --policy policy.json --save bundle.json"},
    {"chat", NULL,
     "Verifies the server as `cloister verify` does and sends nothing unless all of it holds. Then talks through "
     "Oblivious "
     "HTTP inside TLS, encrypted to the enclave, and checks that each answer's receipt is signed by it and is about "
     "these "
     "words. A prompt comes from `--prompt` or standard input.",
     "cloister chat https://enclave.example:8443 --policy policy.json --receipt receipt.json <prompt.txt"},
    {"receipt", "check signed receipts of answers",
     "With an attestation (as `cloister verify --save` keeps it) and a policy it is proven that an enclave which the "
     "policy accepts gave the answer; with `--key` that the holder of this key did.",
     "cloister receipt verify receipt.json --attestation bundle.json --policy policy.json"},
    {"bench", NULL,
     "Opens a model as the enclave does and measures it on this machine: tokens a second for a prompt and for "
     "generating, and how fast memory is read, which bounds generating. Where the processor has AMX, also how fast "
     "that "
     "multiplies, which bounds prompts. Each figure is the median of three runs.",
     "cloister bench --model model.gguf"},
    {"replay", NULL,
     "Computes the answer of a receipt again from the model, by default with other kernels and another number of "
     "threads "
     "than the server used, and compares every token. Needs neither server nor network; a difference proves that "
     "the receipt is not what this model gives.",
     "cloister replay receipt.json --model model.gguf"},
    {"chat-template", NULL,
     "Renders messages with the chat template of a GGUF file, as the enclave does: the same interpreter with the same "
     "limits. The messages are given as they are; the enclave first joins the parts of a content and makes an object "
     "of "
     "a call's arguments. The time that a template asks for is the present one, UTC. With `--json` each piece is named "
     "by its origin: control tokens are looked for in the template's pieces alone.",
     "cloister chat-template --model model.gguf --messages messages.json --json"},
    {"tokenize", NULL,
     "Prints the token ids of a text (a file, or standard input) on one line, as the model is fed them. Every byte "
     "counts, a newline at the end too. FILE is a GGUF file, which may be a vocabulary without weights, a "
     "tokenizer.json "
     "(with the files beside it, when it has that name) or a folder with one. Text such as <s> stays text unless "
     "`--special` is given; `--special --bos --eos` gives what the published library gives for a tokenizer.json.",
     "printf 'Hello world' | cloister tokenize --model model.gguf"},
    {"detokenize", NULL,
     "Writes exactly the bytes that token ids stand for: ids apart by white space, or a JSON list, from a file or "
     "standard input. With `--json` bytes that are no UTF-8 become U+FFFD.",
     "cloister tokenize --model model.gguf prompt.txt | cloister detokenize --model model.gguf"},
    {NULL, NULL, NULL, NULL},
};

const char manual_enclave[] =
    "Four processes of one program: the warden, which has the evidence made and obtains the key; the gate, which "
    "speaks "
    "TLS and HTTP; the scribe, which reads prompts and signs receipts; the vault, which holds the weights. Each can do "
    "only what it must (seccomp, Landlock, users of their own when started as root), and the end of one is the end of "
    "all. SIGTERM and SIGINT end the enclave in order.\n\n"
    "The model is opened only after a broker has released its key to this enclave, and the address is announced once "
    "it "
    "serves.";

const struct manual_item manual_configuration[] = {
    {"version",
     "1. The file is one JSON object; a member is mandatory unless it says otherwise below, an unknown one is "
     "an error. Evidence and policies name the SHA-256 of its bytes."},
    {"listen", "HOST:PORT; port 0 lets the kernel choose"},
    {"model, model_name, model_root", "the sealed file, the name that clients ask for, the root it must have"},
    {"evidence", "`{\"kind\":\"simulator\",\"key\":FILE}`: the simulator (NOT A TEE) with its root key"},
    {"key", "`{\"from\":\"broker\",\"url\":URL,\"spki_sha256\":HEX}`: the broker and the hash of its TLS key; or "
            "`{\"from\":\"environment\"}`: MODEL_KEY_BASE64, for local runs"},
    {"threads, sequences, batch", "threads of the vault, answers at once, tokens computed together"},
    {"context",
     "tokens of one conversation, prompt and answer, at most. Without it, and above it, the model's own limit; "
     "without it also no more than \"kv_cache_bytes\" has room for"},
    {"kv_cache", "\"bf16\" (without it), \"q8\" for about half the memory, or \"f32\" for twice. Answers depend on it "
                 "and receipts name it"},
    {"kv_cache_bytes", "memory of the KV cache for all answers at once; at least one conversation of \"context\" "
                       "tokens. Requests that find too little of it free wait their turn. Without it: all "
                       "\"sequences\" at their longest. What came of it is printed at the start"},
    {"egress_bits_per_hour", "how much may leave, in bits"},
    {"exfiltration_floor_s",
     "the enclave refuses to start when the weights could leave within fewer seconds at that rate"},
    {"user_base", "first of the user ids that the processes get when started as root"},
    {"logprobs", "true: log-probabilities may leave. Without it they may not"},
    {NULL, NULL},
};

const char manual_enclave_example[] =
    "{\"version\":1,\"listen\":\"127.0.0.1:8443\",\"model\":\"model.sealed\",\"model_name\":\"m\",\"model_root\":"
    "\"HEX\",\n"
    " \"evidence\":{\"kind\":\"simulator\",\"key\":\"sim\"},\n"
    " \"key\":{\"from\":\"broker\",\"url\":\"https://127.0.0.1:8444\",\"spki_sha256\":\"HEX\"},\n"
    " \"threads\":4,\"sequences\":4,\"context\":2048,\"batch\":128,\n"
    " \"egress_bits_per_hour\":1000000,\"exfiltration_floor_s\":3600,\"user_base\":61800}";
