/** Where a value is written, and what its object was rendered from. */
import type { ValidDocument } from './yaml/yaml.ts';

export interface Place {
  readonly file: string;
  /** 1-based; null: somewhere in the file. */
  readonly line: number | null;
  readonly column: number | null;
}

/** What a program rendered an object from; the keys are those of reports. */
export type Rendered =
  | {
      /** The directory. */
      readonly chart: string;
      /** As Helm names it, for example `web/templates/deployment.yaml`. */
      readonly template: string | null;
      readonly release: string;
    }
  /** The directory. */
  | { readonly kustomization: string };

export function placeIn(file: string, document: ValidDocument, pointer: string): Place {
  const { line, column } = document.positionOf(pointer);
  return { file, line, column };
}
