// Households by the state of their consent, then name; reduced with group_level 1: how many in each state.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.consent, doc.name || null], null);
  }
}
