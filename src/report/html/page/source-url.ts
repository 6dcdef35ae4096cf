/** The address of a line of a file at a code host. */

/** Only of files below the directory of the report: `..` and absolute paths are elsewhere. */
export function sourceUrl(base: string | null, file: string, line: number | null): string | undefined {
  const segments = file.replace(/^(?:\.\/)+/, '').split('/');
  const isInside = file !== 'stdin' && segments.every((each) => each !== '' && each !== '..') && file.isWellFormed();
  if (base === null || !/^https?:\/\//i.test(base) || !isInside) return undefined;
  const path = segments.map(encodeURIComponent).join('/');
  return `${base}/${path}${line === null ? '' : `#L${line}`}`;
}
