/**
 * Globs with one special character: `*` matches any characters, including none. Everything else is literal and case-sensitive,
 * and the whole text must match. Used for tags, path segments, host labels, namespaces, and user names.
 *
 * Globs are not compiled to regular expressions: `*a*a*a*a*b` would block the process for seconds. Instead, the literal pieces
 * are searched from left to right, each after the previous one, in one pass over the text.
 */
export type TextTest = (text: string) => boolean;

export function compileGlob(glob: string): TextTest {
  const star = glob.indexOf('*');
  if (star === -1) return (text) => text === glob;
  const head = glob.slice(0, star);
  const tail = glob.slice(glob.lastIndexOf('*') + 1);
  // Two stars in a row are equivalent to one.
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

const compiledLists = new WeakMap<readonly string[], TextTest>();

/** Compiles a list to a test for any of its globs. Looks up globs without `*` in a set, and caches the test by array. */
export function compileGlobs(globs: readonly string[]): TextTest {
  const known = compiledLists.get(globs);
  if (known !== undefined) return known;
  const literal = new Set(globs.filter((glob) => !glob.includes('*')));
  const tests = globs.filter((glob) => glob.includes('*')).map(compileGlob);
  const test: TextTest = (text) => literal.has(text) || tests.some((matches) => matches(text));
  compiledLists.set(globs, test);
  return test;
}
