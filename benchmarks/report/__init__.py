"""The report for a firm's owner and for a funder: one content, as PDF, as a page, as a workbook, in two languages."""
