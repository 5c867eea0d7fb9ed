import assert from "node:assert/strict";
import { test } from "node:test";
import { pingOutcome } from "../../../src/introspective/ping-outcome.ts";
import { CallTimeoutError, ConnectionLostError, ServerError } from "../../../src/libvirt/mod.ts";

/** What libvirt replies, how long it takes for it, and what it means for the guest. */
const cases: readonly (readonly [number: number, text: string, tookMs: number, outcome: string])[] = [
  [86, "Guest agent is not responding: Guest agent not available for now", 5000, "unresponsive"],
  [
    86,
    "Guest agent is not responding: guest agent didn't respond to synchronization within '2' seconds",
    2000,
    "unresponsive",
  ],
  [
    112,
    "guest agent command timed out: guest agent didn't respond to command within '2' seconds",
    2000,
    "unresponsive",
  ],
  [86, "Guest agent is not responding: QEMU guest agent is not connected", 1, "disconnected"],
  [86, "Guest agent is not responding: Guest agent disappeared while executing command", 1000, "disconnected"],
  [112, "guest agent command timed out: Guest agent disappeared while executing command", 1000, "disconnected"],
  [1, "internal error: End of file from agent socket", 1000, "disconnected"],
  [86, "Guest agent is not responding: QEMU guest agent is not available due to an error", 1, "unresponsive"],
  [1, "internal error: cannot parse json }}{", 5, "unresponsive"],
  [
    1,
    "internal error: unable to execute QEMU agent command 'guest-ping': Command guest-ping has been disabled",
    8,
    "responded",
  ],
  [
    113,
    "guest agent command failed: unable to execute QEMU agent command 'guest-ping': Command guest-ping has been disabled",
    9,
    "responded",
  ],
  [
    68,
    "Timed out during operation: cannot acquire state change lock (held by agent=remoteDispatchDomainFSFreeze)",
    30_000,
    "occupied",
  ],
  [
    9,
    "operation failed: cannot acquire state change lock (held by agent=remoteDispatchDomainFSFreeze) due to max_queued limit",
    1,
    "occupied",
  ],
  [9, "operation failed: cannot acquire state change lock due to max_queued limit", 1, "unknown"],
  [74, "argument unsupported: QEMU guest agent is not configured", 1, "noChannel"],
  [42, "Domain not found", 1, "gone"],
  [55, "Requested operation is not valid: domain is not running", 1, "gone"],
  [29, "operation forbidden: read only access prevents it", 1, "denied"],
  [88, "access denied", 1, "denied"],
  [38, "Unable to create thread: Resource temporarily unavailable", 1, "unknown"],
  // libvirtd speaks the language of its system: as libvirt 9.0 is translated.
  [86, "Агент гостя не отвечает: Агент гостевой системы QEMU не подключён", 1, "disconnected"],
  [86, "ゲストエージェントが応答していません: ゲストエージェントが今のところ利用できません", 2000, "unresponsive"],
  [1, "внутренняя ошибка: не удалось выполнить команду агента QEMU «guest-ping»: disabled", 8, "responded"],
  [1, "内部错误：无法执行 QEMU 代理命令 'guest-ping'：disabled", 8, "responded"],
  [68, "Kann Status-Änderungs-Lock nicht abrufen", 30_000, "occupied"],
  [9, "operation failed: 无法获取状态更改锁（由 agent=remoteDispatchDomainFSFreeze 持有）", 1, "occupied"],
];

for (const [number, text, tookMs, outcome] of cases) {
  test(`${number} ${text} after ${tookMs} ms: ${outcome}`, () => {
    assert.equal(pingOutcome(new ServerError("QEMU_DOMAIN_AGENT_COMMAND", number, 10, text), tookMs), outcome);
  });
}

test("a libvirt that does not answer, or is gone, shows nothing about the guest", () => {
  for (const error of [
    new CallTimeoutError("no response within 42 s"),
    new ConnectionLostError("gone"),
    new Error("anything"),
  ])
    assert.equal(pingOutcome(error, 42_000), "unknown");
});
