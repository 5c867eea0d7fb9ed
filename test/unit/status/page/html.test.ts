import assert from "node:assert/strict";
import { test } from "node:test";
import { html } from "../../../../src/status/page/html.ts";

test("text becomes no markup, in an element and in an attribute", () => {
  const hostile = `"><script>alert('1')</script>&amp;`;
  assert.equal(
    String(html`<b title="${hostile}">${hostile}</b>`),
    '<b title="&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;">&quot;&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&amp;amp;</b>',
  );
});

test("HTML stays HTML, a list is joined, and what is not there is nothing", () => {
  assert.equal(
    String(html`<ul>${["a", "<"].map((text) => html`<li>${text}</li>`)}</ul>`),
    "<ul><li>a</li><li>&lt;</li></ul>",
  );
  assert.equal(String(html`${undefined}${null}${false}${0}`), "0");
});

test("characters that make a text look like another are visible", () => {
  assert.equal(String(html`${"a\u202eb\u200bc\u0000d"}`), "a\ufffdb\ufffdc\ufffdd");
  assert.equal(String(html`${"two\nlines"}`), "two lines");
});
