import type { DatabaseSync } from "node:sqlite";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { messageOf } from "../../system/message-of.ts";
import { bestMatch } from "../http/accept.ts";
import type { LogSync } from "../store/log-sync.ts";

export const healthcheckPath = "/healthcheck";

/** `/healthcheck` as oslo.middleware's: without a token, 200 while the database can be read and written, else 503. */
export function addHealthcheck(app: FastifyInstance, database: DatabaseSync, logSync: LogSync): void {
  app.route({
    method: ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"],
    url: healthcheckPath,
    handler: (request, reply) => show(request, reply, check(database, logSync)),
  });
}

interface Health {
  readonly good: boolean;
  readonly reason: string;
}

function check(database: DatabaseSync, { problem }: LogSync): Health {
  if (problem) return { good: false, reason: `database: ${problem.message}` };
  try {
    database.prepare("SELECT count(*) FROM segment").get();
    return { good: true, reason: "OK" };
  } catch (error) {
    return { good: false, reason: `database: ${messageOf(error)}` };
  }
}

function show(request: FastifyRequest, reply: FastifyReply, { good, reason }: Health): FastifyReply {
  if (request.method === "HEAD") return reply.code(good ? 204 : 503).send();
  const offers = ["text/plain", "text/html", "application/json"];
  const type = bestMatch(request.headers.accept, offers) ?? "text/plain";
  reply.code(good ? 200 : 503).header("content-type", type === "application/json" ? type : `${type}; charset=UTF-8`);
  return reply.send(Buffer.from(bodyOf(type, reason)));
}

function bodyOf(type: string, reason: string): string {
  if (type === "application/json") return JSON.stringify({ detailed: false, reasons: [reason] }, null, 4);
  if (type === "text/plain") return reason;
  const cell = reason.replace(/[&<>]/g, (char) => `&#${char.charCodeAt(0)};`);
  return `<HTML>
<HEAD><TITLE>Healthcheck Status</TITLE></HEAD>
<BODY>

<H2>Result of 1 checks:</H2>
<TABLE bgcolor="#ffffff" border="1">
<TBODY>
<TR>

<TH>
Reason
</TH>
</TR>
<TR>

    <TD>${cell}</TD>

</TR>
</TBODY>
</TABLE>
<HR></HR>

</BODY>
</HTML>`;
}
