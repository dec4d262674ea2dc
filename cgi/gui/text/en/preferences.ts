/** Texts of the page. */
export const preferences = {
  soon: 'This page is being built.',
};
