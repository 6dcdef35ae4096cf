/** Files as a kubelet mounts a ConfigMap: links to a directory that one link names, so that all files change at once. */
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export type Files = Readonly<Record<string, string>>;

export interface MountedFiles {
  /** Replaces the content of all files; their names stay. */
  swap(files: Files): void;
}

export function mountFiles(directory: string, files: Files): MountedFiles {
  let version = 0;
  const write = (next: Files): void => {
    mkdirSync(path.join(directory, `..${version}`), { recursive: true });
    for (const [name, text] of Object.entries(next)) writeFileSync(path.join(directory, `..${version}`, name), text);
    symlinkSync(`..${version}`, path.join(directory, '..data_tmp'));
    renameSync(path.join(directory, '..data_tmp'), path.join(directory, '..data'));
  };
  write(files);
  for (const name of Object.keys(files)) symlinkSync(`..data/${name}`, path.join(directory, name));
  return {
    swap(next) {
      version += 1;
      write(next);
      rmSync(path.join(directory, `..${version - 1}`), { recursive: true });
    },
  };
}
