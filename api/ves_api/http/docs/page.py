"""The document as a page: made on the server, no script, nothing fetched from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import Any

_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{margin-bottom:0}h2{margin-top:2.5rem;border-bottom:1px solid #d0d7de}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f6f8fa;padding:1rem;overflow:auto}
details{border:1px solid #d0d7de;border-radius:6px;margin:.5rem 0;padding:.25rem .75rem}
summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem;font-family:ui-monospace,monospace}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.25rem .75rem .25rem 0}
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}pre{background:#161b22}}
"""


def render(document: dict[str, Any]) -> str:
    """HTML that lists every operation of an OpenAPI document with its parameters, bodies and answers."""
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>',
        f"<h1>{title}</h1><p>{escape(info['description'])} ",
        'The same as data: <a href="/api/openapi.json">openapi.json</a>.</p>',
    ]
    tag = None
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if operation["tags"][0] != tag:
                tag = operation["tags"][0]
                parts.append(f"<h2>{escape(tag)}</h2>")
            parts.append(_operation(path, method, operation))
    parts.append("<h2>Bodies</h2>")
    for name, schema in document["components"]["schemas"].items():
        parts.append(
            f'<details id="{escape(name)}"><summary><b>{escape(name)}</b></summary>{_code(schema)}</details>'
        )
    parts.append("</body></html>")
    return "".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(p['name'])}</th><td>{escape(p['in'])}</td><td>{escape(p['description'])}</td></tr>"
        for p in operation["parameters"]
    )
    answers = "".join(
        f"<tr><th>{status}</th><td>{escape(answer['description'])}</td><td>{_reference(answer)}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    body = operation.get("requestBody")
    return (
        f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> {escape(operation['summary'])}"
        f"</summary><p>{escape(operation['description'])}</p>"
        + (f"<h4>Parameters</h4><table>{rows}</table>" if rows else "")
        + (f"<h4>Body</h4><p>{_reference(body)}</p>" if body else "")
        + f"<h4>Answers</h4><table>{answers}</table></details>"
    )


def _reference(holder: dict[str, Any]) -> str:
    (content,) = holder["content"].values()
    schema = content["schema"]
    name = str(schema.get("$ref", "")).rsplit("/", 1)[-1]
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if name else _code(schema)


def _code(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2))}</pre>"
