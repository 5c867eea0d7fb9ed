import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { type Codec, decode, encode } from "../../../src/libvirt/codec/codec.ts";
import {
  encodeMessage,
  type Message,
  MessageReader,
  messageStatus,
  messageType,
} from "../../../src/libvirt/codec/frame.ts";
import { type DomainEvent, decodeEvent } from "../../../src/libvirt/protocol/events.ts";
import { procedures } from "../../../src/libvirt/protocol/procedures.ts";
import { serverError } from "../../../src/libvirt/protocol/shapes.ts";

/** What a real libvirtd sent over one connection, a line for each read: replies, an error, a guest's life and death. */
const capture = new URL("../../fixtures/libvirt/wire/libvirtd-9.0.0-qemu-7.2.22.hex", import.meta.url);
const chunks = readFileSync(capture, "utf8")
  .trim()
  .split("\n")
  .map((line) => Buffer.from(line, "hex"));
const bytes = Buffer.concat(chunks);
const guest = { name: "instance-00000001", uuid: "8339061d-60a7-41d7-9ba4-eef412c50df2", id: 1 };

function read(pieces: readonly Buffer[]): Message[] {
  const reader = new MessageReader();
  return pieces.flatMap((piece) => [...reader.push(piece)]);
}

const messages = read([bytes]);

function inWords(event: DomainEvent): string {
  switch (event.kind) {
    case "lifecycle":
      return `${event.eventName} ${event.detailName}`;
    case "watchdog":
      return `watchdog ${event.actionName}`;
    case "agentLifecycle":
      return `agent ${event.state} ${event.reason}`;
    default:
      return event.kind;
  }
}

describe("a captured session with libvirtd 9.0.0", () => {
  it("is the same messages wherever it is split in two", () => {
    const whole = messages.map((message) => encodeMessage(message).toString("hex"));
    assert.equal(whole.join(""), bytes.toString("hex"));
    for (let at = 0; at <= bytes.length; at++) {
      const split = read([bytes.subarray(0, at), bytes.subarray(at)]);
      assert.deepEqual(
        split.map((message) => encodeMessage(message).toString("hex")),
        whole,
        `split at ${at}`,
      );
    }
  });

  it("emits the events of a guest's life in order", () => {
    const events = messages
      .filter(({ type }) => type === messageType.message)
      .map(({ procedure, payload }) => decodeEvent(procedure, payload)?.event);
    assert.ok(events.every((event) => event?.domain.uuid === guest.uuid && event.domain.name === guest.name));
    assert.deepEqual(
      events.map((event) => event && inWords(event)),
      [
        "agent 2 1",
        "RESUMED UNPAUSED",
        "STARTED BOOTED",
        "agent 1 2",
        "watchdog NONE",
        "agent 2 2",
        "reboot",
        "reboot",
        "reboot",
        "agent 1 2",
        "SUSPENDED PAUSED",
        "RESUMED UNPAUSED",
        "STOPPED FAILED",
      ],
    );
  });

  it("has replies that are read to their last byte, and written again the same", () => {
    const byNumber = new Map(Object.values(procedures).map((p) => [`${p.program} ${p.number}`, p]));
    let replies = 0;
    for (const { program, procedure, payload } of messages.filter(
      ({ type, status }) => type === messageType.reply && status === messageStatus.ok,
    )) {
      const found = byNumber.get(`${program} ${procedure}`);
      assert.ok(found, `procedure ${procedure}`);
      const codec: Codec<unknown> = found.result;
      assert.equal(encode(codec, decode(codec, payload, found.name)).toString("hex"), payload.toString("hex"));
      replies += 1;
    }
    assert.ok(replies >= 15, `${replies} replies`);
  });

  it("has the error of a domain that is not there", () => {
    const [error, ...others] = messages.filter(({ status }) => status === messageStatus.error);
    assert.ok(error);
    assert.deepEqual(others, []);
    assert.deepEqual(decode(serverError, error.payload, "the error"), {
      number: 42,
      domain: 10,
      message: "Domain not found: no domain with matching uuid '00000000-0000-0000-0000-000000000001'",
    });
  });
});
