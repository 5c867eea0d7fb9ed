/** `Promise.withResolvers`, which Node 20 does not have, for the library alone: a consumer's globals are the consumer's. */
export function withResolvers<T>(): PromiseWithResolvers<T> {
  let settle: Pick<PromiseWithResolvers<T>, "resolve" | "reject"> | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...(settle as Pick<PromiseWithResolvers<T>, "resolve" | "reject">) };
}
