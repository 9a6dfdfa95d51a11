/** An option of another library, and its name here. */
export interface Translation {
  /** The names in the other libraries. */
  readonly names: readonly string[];
  /** The libraries. */
  readonly from: string;
  /** The path of the option to write instead; undefined: there is none. */
  readonly write?: string;
  /** What is different here. */
  readonly note?: string;
}

/**
 * The help for a name that is an option of another library; undefined: there is none.
 *
 * @param fits whether an option makes sense in the place where the name was found
 */
export function translated(
  table: readonly Translation[],
  name: string,
  fits: (write: string) => boolean,
): string | undefined {
  const found = table.find(
    ({ names, write }) => names.includes(name) && (write === undefined || fits(write)),
  );
  if (found === undefined) return undefined;
  const { write, note } = found;
  return write === undefined ? note : `here it is ${write}${note === undefined ? '' : `, ${note}`}`;
}
