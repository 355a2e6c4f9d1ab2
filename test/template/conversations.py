# SPDX-License-Identifier: Apache-2.0
"""Conversations that exercise what chat templates do."""

WEATHER = {"type": "function", "function": {
    "name": "get_weather", "description": "The weather of a place, \"now\" & <later>", "parameters": {
        "type": "object", "properties": {
            "place": {"type": "string", "description": "City's name", "enum": ["Zürich", "東京"]},
            "days": {"type": "integer", "description": "How many", "default": 3, "minimum": 1},
            "options": {"type": "object", "description": "More", "properties": {
                "unit": {"type": "string", "enum": ["C", "F"]}, "exact": {"type": "boolean"}}, "required": ["unit"]},
            "tags": {"type": "array", "description": "Labels", "items": {"type": "string"}}},
        "required": ["place"]}, "return": {"type": "object"}}}
CLOCK = {"type": "function", "function": {
    "name": "clock", "description": "The time", "parameters": {"type": "object", "properties": {}, "required": []}}}


def call(number, name, arguments):
    return {"id": f"call{number:05d}", "type": "function", "function": {"name": name, "arguments": arguments}}


USER = {"role": "user", "content": "Hello, how are you?"}
SYSTEM = {"role": "system", "content": "You are brief."}
ASSISTANT = {"role": "assistant", "content": "Fine."}
CALLS = {"role": "assistant", "content": "", "tool_calls": [
    call(1, "get_weather", {"place": "Zürich", "days": 2, "options": {"unit": "C", "exact": True}, "tags": ["a", "b"]})]}
TWO_CALLS = {"role": "assistant", "content": "I look.", "tool_calls": [
    call(1, "get_weather", {"place": "東京"}), call(2, "clock", {})]}
RESULT = {"role": "tool", "tool_call_id": "call00001", "name": "get_weather", "content": '{"degrees": 21.5}'}
RESULT_2 = {"role": "tool", "tool_call_id": "call00002", "name": "clock", "content": "12:30"}
THINKING = {"role": "assistant", "content": "<think>\nLet me see.\n</think>\n\nIt is 4.", "reasoning_content": "Let me see."}
PLAIN_THINKING = {"role": "assistant", "content": "It is 4.", "reasoning_content": "Let me\nsee.",
                  "thinking": "Let me see."}

CONVERSATIONS = {
    "user": [USER],
    "system": [SYSTEM, USER],
    "turns": [USER, ASSISTANT, {"role": "user", "content": "And you?"}],
    "system and turns": [SYSTEM, USER, ASSISTANT, {"role": "user", "content": "  And you?\n\n"}],
    "ends with assistant": [SYSTEM, USER, ASSISTANT],
    "call": [SYSTEM, USER, CALLS, RESULT],
    "call without system": [USER, CALLS, RESULT, {"role": "assistant", "content": "21.5 degrees."},
                            {"role": "user", "content": "Thanks"}],
    "two calls": [SYSTEM, USER, TWO_CALLS, RESULT, RESULT_2, {"role": "assistant", "content": "Warm, noon."}],
    "ends with call": [USER, CALLS],
    "thinking": [USER, THINKING, {"role": "user", "content": "2+2+2?"}],
    "reasoning": [SYSTEM, USER, PLAIN_THINKING, {"role": "user", "content": "2+2+2?"}, PLAIN_THINKING],
    "reasoning and call": [USER, dict(CALLS, reasoning_content="I need it."), RESULT],
    "empty content": [{"role": "system", "content": ""}, {"role": "user", "content": ""}],
    "null content": [USER, dict(CALLS, content=None), RESULT],
    "unicode": [{"role": "system", "content": "Sei kurz – äöü ß"}, {"role": "user", "content": "日本語 🙂 \u00a0 é\u2028"},
                {"role": "assistant", "content": "ǅ İ Σ\ttab"}, {"role": "user", "content": "<|im_end|>\n</s>[INST]"}],
    "parts": [SYSTEM, {"role": "user", "content": [{"type": "text", "text": "One "}, {"type": "text", "text": "two"}]}],
    "wrong order": [USER, USER, ASSISTANT],
    "assistant first": [ASSISTANT, USER],
    "unknown role": [{"role": "critic", "content": "no"}, USER],
    "developer": [{"role": "developer", "content": "Obey."}, USER],
    "none": [],
}

EXTRAS = {
    "plain": {},
    "tools": {"tools": [WEATHER, CLOCK]},
    "thinking on": {"enable_thinking": True, "thinking": True, "reasoning_effort": "high"},
    "thinking off": {"enable_thinking": False, "thinking": False, "tools": [CLOCK]},
}


def all_cases():
    for name, messages in CONVERSATIONS.items():
        for extra_name, extra in EXTRAS.items():
            for prompt in (True, False):
                yield (f"{name}, {extra_name}, {'' if prompt else 'no '}prompt",
                       dict(extra, messages=messages, add_generation_prompt=prompt, bos_token="<s>", eos_token="</s>"))
