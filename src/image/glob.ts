/**
 * Globs with one special character: `*` stands for any characters, also for none. Everything else is literal, case counts,
 * and the whole text must match. Used for tags, path segments, host labels, namespaces and user names.
 *
 * No regular expression is made from a glob: `*a*a*a*a*b` would hold the process for seconds. The literal pieces are looked
 * for from left to right instead, each one once, behind the one before it, so the text is walked through once.
 */
export type TextTest = (text: string) => boolean;

export function compileGlob(glob: string): TextTest {
  const star = glob.indexOf('*');
  if (star === -1) return (text) => text === glob;
  const head = glob.slice(0, star);
  const tail = glob.slice(glob.lastIndexOf('*') + 1);
  // Two stars in a row leave an empty piece, which says no more than one star.
  const middle = glob
    .slice(star, glob.length - tail.length)
    .split('*')
    .filter((piece) => piece !== '');
  return (text) => {
    const end = text.length - tail.length;
    if (!text.startsWith(head) || !text.endsWith(tail)) return false;
    let from = head.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, from);
      if (found === -1) return false;
      from = found + piece.length;
    }
    return from <= end;
  };
}

/** Whether any of the globs matches. Those without a star are looked up, however many they are. */
export function compileGlobs(globs: readonly string[]): TextTest {
  const literal = new Set(globs.filter((glob) => !glob.includes('*')));
  const tests = globs.filter((glob) => glob.includes('*')).map(compileGlob);
  return (text) => literal.has(text) || tests.some((test) => test(text));
}
