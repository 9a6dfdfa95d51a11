/** As much of the parser as is used here. */
declare module '@prometheus-io/lezer-promql' {
  interface Node {
    readonly name: string;
    readonly parent: Node | null;
  }
  interface NodeRef {
    readonly type: { readonly isError: boolean };
    readonly name: string;
    readonly from: number;
    readonly to: number;
    readonly node: Node;
  }
  export const parser: {
    parse(query: string): { iterate(walk: { enter(node: NodeRef): void }): void };
  };
}
