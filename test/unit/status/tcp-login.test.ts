import assert from "node:assert/strict";
import { test } from "node:test";
import { TcpEntrance } from "../../../src/status/tcp-login.ts";
import { KeptLog } from "../../support/kept-log.ts";

const LOGIN = { username: "ops", password: "right" };
const header = (password: string) => `Basic ${Buffer.from(`ops:${password}`).toString("base64")}`;

function scene() {
  let now = 0;
  const log = new KeptLog();
  const entrance = new TcpEntrance(LOGIN, () => now, log);
  const from = (address: string) => (password: string) => entrance.admit(header(password), address);
  const guess = (address: string, times: number) =>
    Array.from({ length: times }, (_, index) => from(address)(`guess ${now} ${index}`));
  return {
    entrance,
    log,
    from,
    guess,
    pass: (ms: number) => {
      now += ms;
    },
  };
}

test("after five wrong passwords a network waits for a minute, even with the right one; others go on", () => {
  const { from, guess, pass } = scene();
  assert.deepEqual(guess("192.0.2.1", 6), [...Array(5).fill("refused"), { wait: 60 }]);
  assert.deepEqual(from("::ffff:192.0.2.1")("right"), { wait: 60 });
  assert.equal(from("192.0.2.2")("right"), "admitted");
  pass(59_000);
  assert.deepEqual(from("192.0.2.1")("right"), { wait: 1 });
  pass(1000);
  assert.equal(from("192.0.2.1")("right"), "admitted");
});

test("an IPv6 network cannot go on from another of its addresses", () => {
  const { from, guess } = scene();
  guess("2001:db8::1", 5);
  assert.deepEqual(from("2001:db8::2")("right"), { wait: 60 });
  assert.equal(from("2001:db8:0:1::2")("right"), "admitted");
});

test("guessing beside a Prometheus that succeeds gains nothing", () => {
  const { from, guess, pass } = scene();
  let seen = 0;
  for (let time = 0; time < 600; time += 15) {
    from("127.0.0.1")("right");
    seen += guess("127.0.0.1", 100).filter((one) => one === "refused").length;
    pass(15_000);
  }
  assert.equal(seen, 50, "five in each of ten minutes");
});

test("a program that has kept an earlier password keeps nobody out, and browsers that have none yet neither", () => {
  const { entrance, from, pass } = scene();
  for (let times = 0; times < 100; times += 1) {
    assert.equal(from("192.0.2.1")("earlier"), "refused");
    assert.equal(entrance.admit(undefined, "192.0.2.1"), "refused");
    pass(5000);
  }
  assert.equal(from("192.0.2.1")("right"), "admitted");
});

test("whoever had the new password before it was read need not wait", () => {
  const { entrance, from, guess } = scene();
  guess("192.0.2.1", 5);
  entrance.renew(LOGIN);
  assert.deepEqual(from("192.0.2.1")("right"), { wait: 60 }, "the same password again is no other one");
  entrance.renew({ ...LOGIN, password: "new" });
  assert.equal(from("192.0.2.1")("new"), "admitted");
});

test("whoever guesses from many networks does not fill the log", () => {
  const { guess, log, pass } = scene();
  for (let network = 0; network < 240; network += 1) {
    guess(`192.0.2.${network}`, 5);
    pass(500);
  }
  assert.equal(log.lines.length, 2, "one a minute");
});
