/** Waits for the work and then closes what it used, also if the work fails. */
export async function closeAfter<T>(work: Promise<T>, close: () => Promise<void> | undefined): Promise<T> {
  try {
    return await work;
  } finally {
    await close();
  }
}
