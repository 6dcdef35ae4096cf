/** Starts the longest test files first, so that none of them runs alone at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** The end of .ci/run prints the durations. */
const LONGEST: readonly string[] = [
  'test/install/cluster.test.ts',
  'test/manifests/image/run.test.ts',
  'test/cluster/certificates.test.ts',
  'test/cli/serve/reload-plugins.test.ts',
  'test/pinning/kustomize/generated-builds.test.ts',
  'test/files/yaml/hostile-yaml.test.ts',
  'test/credential/keyring.test.ts',
  'test/policy/rules/cel/program-properties.test.ts',
  'test/admission/properties.test.ts',
  'test/cli/serve/reload.test.ts',
];

/** A class, because vitest creates sequencers with `new`. */
export class LongestFirst extends BaseSequencer {
  /** The other files follow as vitest sorts them: by their duration in the last run on this machine, or by size. */
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const index = LONGEST.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index === -1 ? LONGEST.length : index;
    };
    return (await super.sort(files)).toSorted((left, right) => rank(left) - rank(right));
  }
}
