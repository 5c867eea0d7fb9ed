import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { errorDetail } from "../../../src/openstack/error-body.ts";
import { pythonJson } from "../../../src/openstack/json.ts";
import { redact } from "../../../src/openstack/redact.ts";
import { capture } from "../../support/capture.ts";

const detail = (text: string) => errorDetail(Buffer.from(text), (shown) => shown);

suite("the message of every recorded error", () => {
  for (const [number, what, message] of [
    ["054", "Keystone's middleware", "The request you have made requires authentication."],
    ["062", "406", "Version 1.99 is not supported by the API. Minimum is 1.0 and maximum is 1.2."],
    ["068", "403", "Policy doesn't allow os_masakari_api:notifications:index to be performed."],
    ["072", "409", "Notification received from host host3 of type VM is duplicate."],
    ["077", "400", "Host with name nowhere could not be found."],
    ["109", "WebOb in JSON", "Request is too large. Larger than max_request_body_size (114688)."],
    ["111", "WebOb in HTML", "404 Not Found: The resource could not be found."],
    [
      "114",
      "WebOb in HTML, with a reason",
      "413 Request Entity Too Large: Request is too large. Larger than max_request_body_size (114688).",
    ],
    ["137", "404", "No notification with id 00000000-0000-4000-8000-00000000dead."],
    [
      "205",
      "500",
      "Unexpected API Error. Please report this at https://bugs.launchpad.net/masakari/ and attach the Masakari API log if possible. <class 'oslo_messaging.exceptions.MessagingTimeout'>",
    ],
  ] as const) {
    test(`${number}: ${what}`, () => assert.equal(detail(capture(number).response.body), message));
  }
});

suite("of others", () => {
  test("HAProxy's page", () => {
    const page =
      "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n";
    assert.equal(detail(page), "503 Service Unavailable: No server is available to handle this request.");
  });

  test("a page with script, style and a comment shows none of them", () => {
    const page = "<!DOCTYPE html><html><head><style>a{}</style></head><body><script>x()</script><!-- c --><p>Down</p>";
    assert.equal(detail(page), "Down");
  });

  test("Keystone's error", () => {
    assert.equal(
      detail('{"error":{"code":403,"message":"You are not authorized","title":"Forbidden"}}'),
      "You are not authorized",
    );
  });

  test("a list of errors", () => {
    assert.equal(detail('{"errors":[{"status":404,"title":"Not Found","detail":"No such thing"}]}'), "No such thing");
  });

  test("plain text, in one line and without what could forge another in a log", () => {
    assert.equal(detail("it broke\r\n2026 ERROR forged\u001b[2J\u2028x"), "it broke 2026 ERROR forged [2J x");
  });

  test("nothing at all, or nothing that means anything", () => {
    for (const text of ["", "  \n", "{}", "[]", "null", "42"]) assert.equal(detail(text), "", text);
  });

  test("JSON of an unknown shape is shown as it is", () => {
    assert.equal(detail('{"faultstring": "broken"}'), '{"faultstring": "broken"}');
  });

  test("is cut to 500 characters", () => {
    assert.equal(detail("x".repeat(10_000)).length, 500);
  });

  test("bytes that are no UTF-8", () => {
    assert.equal(
      errorDetail(Buffer.from([0x6e, 0x6f, 0xff]), (shown) => shown),
      "no\uFFFD",
    );
  });
});

suite("hostile bodies take no time", () => {
  const mebibyte = 1_048_576;
  for (const [what, unit] of [
    ["tags that do not end", "<a"],
    ["colons", ":"],
    ["colons and something else", ":".repeat(60_000).concat("x")],
    ["comments that do not end", "<!--"],
    ["scripts that do not end", "<script>"],
    ["heads in several spellings", "<head><HEAD></heaD>"],
    ["ends of tags", "</"],
    ["less-than signs", "<"],
    ["spaces", " "],
    ["entities that do not end", "&am"],
    ["line ends", "\r\n"],
    ["JSON that is nested", "["],
    ["objects that are nested", '{"a":'],
  ] as const) {
    test(what, () => {
      const text = unit.repeat(Math.ceil(mebibyte / unit.length));
      for (const body of [
        text,
        `${text}x`,
        JSON.stringify({ message: text }),
        JSON.stringify({ message: text.slice(0, 200_000) }),
      ]) {
        const began = process.cpuUsage();
        const shown = detail(body);
        const { user, system } = process.cpuUsage(began);
        assert.ok(shown.length <= 500);
        // Over 100 s each where the time grows with the square of the length; well under 0.1 s where it does not.
        assert.ok(user + system < 5_000_000, `${(user + system) / 1e6} s of CPU`);
      }
    });
  }
});

test("no part of a secret is shown, wherever the text is cut and however the server quotes it", () => {
  const secrets = ['pa"ss  w\u00f6rd-of-some-length', "plain<b>secret</b>"];
  const shown = (body: string) => errorDetail(Buffer.from(body), (text) => redact(text, secrets));
  for (const secret of secrets) {
    const request = pythonJson({ password: secret });
    for (const quoted of [
      secret,
      request,
      JSON.stringify({ password: secret }),
      JSON.stringify({ message: request }),
    ]) {
      for (const before of [0, 470, 480, 490, 131_060, 262_130]) {
        assert.doesNotMatch(shown(`${"x".repeat(before)} ${quoted}`), /pa"|ss |w(\u00f6|\\u00f6)|rd-of|plain|secret/);
      }
    }
  }
});
