/** Which names of images kustomizations replace, file by file: only in what each of them includes. */

export interface Kustomized {
  /** With "/" between its parts, as all names here. */
  readonly file: string;
  readonly replaced: readonly string[];
  /** Files and folders that it includes, from its own folder. */
  readonly includes: readonly string[];
}

/** `includes` of a kustomization -> the same path as `file` of what is meant; a folder without a slash at its end. */
export type Resolve = (kustomization: string, included: string) => string;

export function replacementsIn(
  kustomizations: readonly Kustomized[],
  { resolve, folderOf }: { readonly resolve: Resolve; readonly folderOf: (file: string) => string },
): (file: string) => ReadonlySet<string> {
  const byFolder = new Map(kustomizations.map((one) => [folderOf(one.file), one] as const));
  const names = new Map<string, Set<string>>();
  const add = (file: string, replaced: readonly string[]): void => {
    const known = names.get(file) ?? new Set<string>();
    for (const name of replaced) known.add(name);
    names.set(file, known);
  };
  const include = (of: Kustomized, replaced: readonly string[], seen: Set<Kustomized>): void => {
    if (seen.has(of)) return;
    seen.add(of);
    for (const included of of.includes) {
      const place = resolve(of.file, included);
      const folder = byFolder.get(place);
      if (folder === undefined) add(place, replaced);
      else include(folder, replaced, seen);
    }
  };
  for (const one of kustomizations) if (one.replaced.length > 0) include(one, one.replaced, new Set());
  return (file) => names.get(file) ?? NONE;
}

const NONE: ReadonlySet<string> = new Set();
