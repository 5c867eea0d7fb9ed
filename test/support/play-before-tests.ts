/**
 * Plays a simulation before its file declares a test: from the first test on, node:test follows every promise that is made, which doubles
 * the time that a simulation takes.
 *
 * @returns what the test calls: it returns the result, or throws what has been thrown
 */
export async function playBeforeTests<Result>(play: () => Promise<Result>): Promise<() => Result> {
  try {
    const result = await play();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}
