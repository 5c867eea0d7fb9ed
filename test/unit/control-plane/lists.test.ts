import assert from "node:assert/strict";
import { test } from "node:test";
import { callMasakari, logIn, startFor } from "../../support/control-plane.ts";

test("pages by marker are the list, whatever it is sorted by", async (context) => {
  let now = Date.UTC(2026, 10, 28);
  const cloud = await startFor(context, { now: () => now });
  const token = await logIn(cloud);
  const list = async (query: string): Promise<{ id: number }[]> => {
    const { status, body } = await callMasakari(cloud, token, "GET", `/segments?${query}`);
    assert.equal(status, 200, `${query}: ${body}`);
    return (JSON.parse(body) as { segments: { id: number }[] }).segments;
  };
  for (const [index, recovery_method] of ["auto", "reserved_host", "auto", "rh_priority", "auto", "auto"].entries()) {
    if (index % 2 === 0) now += 1000;
    const segment = {
      name: `s${index}`,
      recovery_method,
      service_type: "COMPUTE",
      description: index === 3 ? "d" : null,
    };
    const { status, body } = await callMasakari(cloud, token, "POST", "/segments", { segment });
    assert.equal(status, 201, body);
    if (index !== 2) continue;
    const { uuid } = (JSON.parse(body) as { segment: { uuid: string } }).segment;
    await callMasakari(cloud, token, "PUT", `/segments/${uuid}`, { segment: { description: "changed" } });
  }
  for (const query of [
    ...["", "sort_dir=asc", "sort_key=name", "sort_key=updated_at&sort_dir=asc", "sort_key=description"],
    ...[
      "sort_key=recovery_method&sort_dir=asc&sort_key=name&sort_dir=desc",
      "recovery_method=auto&sort_key=updated_at",
    ],
  ]) {
    const whole = await list(query);
    assert.equal(whole.length, query.includes("recovery_method=auto") ? 4 : 6);
    const paged: { id: number }[] = [];
    for (;;) {
      const last = paged.at(-1);
      const page = await list(`${query}&limit=2${last === undefined ? "" : `&marker=${last.id}`}`);
      if (page.length === 0) break;
      paged.push(...page);
    }
    assert.deepEqual(paged, whole, query);
  }
});
