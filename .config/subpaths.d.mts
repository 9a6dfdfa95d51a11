export declare const sourceOf: (built: string) => string;
export declare const subpaths: readonly (readonly [name: string, source: string])[];
