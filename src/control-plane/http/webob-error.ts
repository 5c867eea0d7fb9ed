import { toPythonJson } from "../formats/python-json.ts";
import { bestMatch } from "./accept.ts";

/** An error page of the WebOb library: made by middleware, not by the API, and so in none of the API's shapes. */
export interface WebobError {
  readonly contentType: string;
  readonly body: Buffer;
}

/** `title` is the status line's text; the page is HTML, JSON or plain text, as Accept prefers (HTML for anything). */
export function webobError(accept: string | undefined, code: number, title: string, detail: string): WebobError {
  const status = `${code} ${title}`;
  switch (bestMatch(accept ?? "", ["text/html", "application/json"])) {
    case "text/html":
      return {
        contentType: "text/html; charset=UTF-8",
        body: Buffer.from(
          `<html>\n <head>\n  <title>${status}</title>\n </head>\n <body>\n  <h1>${status}</h1>\n  ${detail}<br /><br />\n\n\n\n </body>\n</html>`,
        ),
      };
    case "application/json":
      return {
        contentType: "application/json",
        body: Buffer.from(toPythonJson({ message: `${detail}<br /><br />\n\n\n`, code: status, title })),
      };
    default:
      return { contentType: "text/plain; charset=UTF-8", body: Buffer.from(`${status}\n\n${detail}\n\n   `) };
  }
}
