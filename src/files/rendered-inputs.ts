/** Inputs that another program renders: the objects that it prints. */
import type { Kustomization } from './kustomization-parts.ts';
import type { InputError, Manifest, ObjectOptions } from './manifest-objects.ts';
import type { SkippedFile } from './skipped-files.ts';

export interface RenderedInputs {
  /** Units that were rendered. */
  files: number;
  documents: number;
  readonly manifests: Manifest[];
  readonly errors: InputError[];
  readonly skipped: SkippedFile[];
  /** The files of charts or kustomizations that are not rendered because of `stop`. */
  readonly left: string[];
}

/** Results to add to. */
export function nothingRendered(): RenderedInputs {
  return { files: 0, documents: 0, manifests: [], errors: [], skipped: [], left: [] };
}

export interface RenderUnitOptions extends ObjectOptions {
  /** Ends the programs that render. */
  readonly stop?: AbortSignal | undefined;
}

/** Renders charts: directories and archives. */
export type RenderCharts = (charts: readonly string[], options: RenderUnitOptions) => Promise<RenderedInputs>;

export interface BuiltInputs extends RenderedInputs {
  /** Reports whether the objects in a file are evaluated as a part of a build. */
  readonly covers: (file: string) => boolean;
}

/** Builds the kustomizations in these files; `manifests`: the objects in all input files. */
export type BuildKustomizations = (
  files: readonly string[],
  manifests: readonly Manifest[],
  options: RenderUnitOptions,
) => Promise<BuiltInputs>;

export interface RenderOptions extends RenderUnitOptions {
  /** Without it, charts are not rendered. */
  readonly renderCharts?: RenderCharts | undefined;
  /** Without it, kustomizations are not built, and their files are evaluated as they are. */
  readonly buildKustomizations?: BuildKustomizations | undefined;
}

export async function renderedIn(charts: ReadonlySet<string>, options: RenderOptions): Promise<RenderedInputs> {
  if (charts.size > 0 && options.renderCharts !== undefined) return options.renderCharts([...charts], options);
  return nothingRendered();
}

export async function builtFrom(
  kustomizations: readonly Kustomization[],
  manifests: readonly Manifest[],
  options: RenderOptions,
): Promise<BuiltInputs> {
  if (kustomizations.length === 0 || options.buildKustomizations === undefined)
    return { ...nothingRendered(), covers: () => false };
  return options.buildKustomizations(
    kustomizations.map(({ file }) => file),
    manifests,
    options,
  );
}
