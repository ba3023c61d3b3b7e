"""Records what Hugging Face's BertTokenizerFast makes of texts, for a small vocabulary:

    python3 record_tokens.py > tokens.json

Needs transformers==4.57.3. The vocabulary is part of the file; the texts are written here.
"""

import json
import sys
import tempfile

from transformers import BertTokenizerFast

TEXTS = [
    "", " ", "a", "The cat sat on the mat.", "UPPER and MiXeD case", "don't stop-me now!!!", "e-mail: a.b@c.de, 100%",
    "naïve café Ångström ÉCOLE", "cafe\u0301 with a combining accent", "İstanbul and ﬁne ligature, Straße", "Σίσυφος ΑΣ",
    "你好，世界！ mixed 中文 text", "日本語テキスト かな", "한국어 텍스트", "Привет, мир Й", "عربي مُشَكَّل", "हिन्दी देवनागरी",
    "tab\tnew\nline\r\nreturn", "zero\u200bwidth\u200djoiner and\u00a0nbsp\u3000ideographic", "null\x00 control\x01 bell\x07",
    "replacement \ufffd here", "emoji 😀👍🏽 ❤️", "“curly quotes” – dashes — and … dots", "$5 + €6 = £11 ^ ` | ~ <tag>",
    "x" * 100, "x" * 101, "é" * 100, "supercalifragilisticexpialidocious", "[CLS] inside [SEP] text [MASK] [UNK] [PAD]",
    "[cls] [CLS", "a[SEP]b", "#hashtag ##ing #", "1234567890 3.14159", "aaa bbb  ccc   ", "word " * 30,
    "\u0301starts with a mark", "a\u0327\u0301b", "ｆｕｌｌｗｉｄｔｈ", "ǅ ǆ Ǆ", "豈 更 \u2f800", "K Å Ω", "½ ² ①", "_under_score_",
    "soft\u00adhyphen", "line\u2028separator\u2029paragraph\x85next", "\ue000private", "\u0378unassigned",
]
PIECES = [
    "the", "cat", "sat", "on", "mat", "upper", "and", "mixed", "case", "don", "stop", "me", "now", "mail", "naive", "cafe",
    "angstrom", "with", "combining", "text", "world", "word", "new", "line", "return", "quotes", "inside", "dots", "super",
    "##cal", "##if", "##ra", "##gil", "##istic", "##ing", "hash", "##tag", "tag", "under", "score", "123", "##456", "##789",
]


def vocabulary():
    characters = []
    for text in TEXTS:
        for character in text.lower():
            if character.strip() and character not in characters and len(characters) < 270 and ord(character) > 32:
                characters.append(character)
    singles = characters[:]
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] + singles + ["##" + c for c in singles[:200]] + PIECES
    return list(dict.fromkeys(pieces))


def main():
    tokens = vocabulary()
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/vocab.txt"
        with open(path, "w", encoding="utf-8") as file:
            file.write("\n".join(tokens) + "\n")
        tokenizer = BertTokenizerFast(vocab_file=path, do_lower_case=True)
        cases = [
            {"text": text, "tokens": tokenizer(text, truncation=True, max_length=32)["input_ids"]} for text in TEXTS
        ]
    json.dump({"vocabulary": tokens, "maximumLength": 32, "cases": cases}, sys.stdout, ensure_ascii=True)


main()
