/** What `check` evaluates in the services of a Compose file in addition to their images. */
import { type Environment } from './image-locations/compose/environment.ts';
import { isCompose } from './image-file-names.ts';
import { type ComposePort, composePorts } from './image-locations/compose/ports.ts';
import { type ComposePullPolicy, composePullPolicies } from './image-locations/compose/pull-policy.ts';
import { type Place, placeIn } from './place.ts';
import { parseDocuments } from './yaml/yaml.ts';

export interface ComposeServices {
  readonly ports: readonly ComposePort[];
  /** By service. */
  readonly pullPolicies: ReadonlyMap<string, ComposePullPolicy>;
  /** Where the value at a pointer of the document is written. */
  readonly placeOf: (pointer: string) => Place;
}

export const NO_SERVICES: ComposeServices = {
  ports: [],
  pullPolicies: new Map(),
  placeOf: () => ({ file: '', line: null, column: null }),
};

/** By document, counted from 1. */
export function composeServices(
  { file, text }: { readonly file: string; readonly text: string },
  environment: Environment,
): ReadonlyMap<number, ComposeServices> {
  return new Map(
    parseDocuments(text).flatMap((document): readonly (readonly [number, ComposeServices])[] => {
      if (!document.ok || !isCompose(file, document.value)) return [];
      const context = { file, text, document, format: 'compose', environment };
      return [
        [
          document.index + 1,
          {
            ports: composePorts(context),
            pullPolicies: composePullPolicies(context),
            placeOf: (pointer) => placeIn(file, document, pointer),
          },
        ],
      ];
    }),
  );
}
