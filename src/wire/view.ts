/** Where a view points before it is first wrapped: reads of it throw, which is right. */
export const NOWHERE = new DataView(new ArrayBuffer(0))
