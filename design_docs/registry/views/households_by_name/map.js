// Households in the order of the contact's name; those without one (erased, or not yet read) first.
function (doc) {
  if (doc.type === 'household_summary') {
    emit(doc.name || null, null);
  }
}
