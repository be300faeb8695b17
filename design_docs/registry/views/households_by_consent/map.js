// Households by the state of their consent, then name.
function (doc) {
  if (doc.type === 'household_summary') {
    emit([doc.consent, doc.name || null], null);
  }
}
