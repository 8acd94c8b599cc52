"""From what a person wrote to the HTML that is sent: paragraphs, a whole document, inline styles, a footer."""

from __future__ import annotations

import html
import re

from css_inline import CSSInliner

from app.campaigns.message.placeholders import Placeholders
from app.campaigns.message.plain_text import plain_text

_TAG = re.compile(r"</?[A-Za-z][^<>]*>|<!DOCTYPE", re.IGNORECASE)
_MARK = re.compile(r"(<!--lq[0-9a-f]{8}x\d+x-->)")
_BODY = re.compile(r"<body(\s[^<>]*)?>", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)]")
_FONT = "font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
FOOTER = (
    '<p style="margin:32px 0 0;padding-top:16px;border-top:1px solid #e0e0e0;font-size:12px;line-height:18px;'
    f'color:#6b6b6b;{_FONT}">You receive this message because you agreed to hear from {{{{ shop }}}}. '
    '<a href="{{ unsubscribe_url }}" style="color:#6b6b6b">Unsubscribe</a></p>'
)
_PREVIEW = (
    '<div style="display:none;max-height:0;max-width:0;overflow:hidden;opacity:0;mso-hide:all;font-size:1px;'
    'line-height:1px;color:transparent">%s' + "&#847;&zwnj;&nbsp;" * 40 + "</div>\n"
)
"""Unseen, and followed by nothing visible, so that mail programs do not show the message's beginning after it."""

_inliner = CSSInliner(load_remote_stylesheets=False, keep_at_rules=True)
"""Nothing is fetched: a message could otherwise make this server read addresses only it can reach."""


def html_and_text(body: str, *, footer: bool, preview: str = "", inline: bool = True) -> tuple[str, str]:
    """The HTML template and the plain-text template made from it, both still holding the Liquid tags.

    A body without HTML tags is read as plain text. Styles in `<style>` move to the elements, because many mail
    programs drop them, unless `inline` is false. `preview`, a line with Liquid, is what mail programs show beside the
    subject: it stands unseen at the beginning of the HTML and not in the text.
    """
    kept = Placeholders(body)
    source = kept.text if _TAG.search(_without_comments(kept.text)) else _paragraphs(kept.text)
    kept_footer = Placeholders(FOOTER)
    if footer:
        source = _before_end(source, kept_footer.text)
    document = _document(source)
    if inline and "<style" in document.lower():
        document = _inliner.inline(document)
    text = plain_text(document, lambda comment: kept.word_of(comment) or kept_footer.word_of(comment))
    kept_preview = Placeholders(preview)
    if preview:
        document = _at_beginning(document, _PREVIEW % _escaped(kept_preview.text))
    finished = kept_preview.restore(kept_footer.restore(kept.restore(document)))
    return finished, kept_footer.restore(kept.restore(text))


def _without_comments(text: str) -> str:
    """Cut by hand, because a regular expression takes quadratic time on comments that never end."""
    kept: list[str] = []
    end = 0
    while (start := text.find("<!--", end)) >= 0:
        closed = text.find("-->", start + 4)
        if closed < 0:
            break
        kept.append(text[end:start])
        end = closed + 3
    return "".join([*kept, text[end:]])


def _escaped(line: str) -> str:
    """Text for HTML, the marks in it left as they are."""
    pieces = _MARK.split(line)
    return "".join(piece if index % 2 else html.escape(piece, quote=False) for index, piece in enumerate(pieces))


def _paragraphs(text: str) -> str:
    """Plain text as HTML: a blank line ends a paragraph, a line end is kept, addresses become links."""
    pieces = _MARK.split(text.replace("\r\n", "\n"))
    escaped = "".join(piece if index % 2 else _linked(piece) for index, piece in enumerate(pieces))
    paragraphs = [part.strip("\n") for part in re.split(r"\n[ \t]*\n", escaped)]
    return "\n".join(
        f'<p style="margin:0 0 16px">{part.replace(chr(10), "<br>" + chr(10))}</p>'
        for part in paragraphs
        if part.strip()
    )


def _linked(text: str) -> str:
    out, end = [], 0
    for found in _ADDRESS.finditer(text):
        address = html.escape(found[0])
        out += [html.escape(text[end : found.start()], quote=False), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*out, html.escape(text[end:], quote=False)])


def _document(source: str) -> str:
    if re.search(r"<html[\s>]", source, re.IGNORECASE):
        return source
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"></head>\n'
        f'<body style="margin:0;padding:24px;font-size:16px;line-height:24px;color:#202020;{_FONT}">\n'
        f'<div style="max-width:600px;margin:0 auto">\n{source}\n</div>\n</body></html>\n'
    )


def _before_end(source: str, addition: str) -> str:
    found = list(re.finditer(r"</body\s*>", source, re.IGNORECASE))
    place = found[-1].start() if found else len(source)
    return source[:place] + "\n" + addition + source[place:]


def _at_beginning(document: str, addition: str) -> str:
    found = _BODY.search(document)
    place = found.end() if found else 0
    return document[:place] + "\n" + addition + document[place:]
